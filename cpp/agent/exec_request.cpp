#include "exec_request.hpp"
#include "environment.hpp"
#include "users.hpp"

namespace boxlite {
namespace {

constexpr std::size_t longest_string = 128 * 1024; // MAX_ARG_STRLEN, with the NUL
constexpr std::size_t longest_command = 1024 * 1024;

Failure invalid(std::string message) {
    return {"invalid-argument", std::move(message)};
}

bool has_nul(const std::string &text) {
    return text.find('\0') != std::string::npos;
}

Status check_argv(const std::vector<std::string> &argv) {
    if (argv.empty()) return invalid("Expected at least one element for `argv` but received none");
    for (const auto &argument : argv) {
        if (has_nul(argument)) return invalid("Expected no NUL in `argv`");
    }
    return success();
}

Result<std::vector<std::string>> read_environment(const Json &request) {
    const auto variables = request.string_map("env");
    if (!variables) return variables.failure();
    std::vector<std::string> environment;
    environment.reserve(variables.value().size() + 1);
    for (const auto &[name, value] : variables.value()) {
        if (name.empty()) return invalid("Expected a name for each variable of `env` but received an empty one");
        if (name.find('=') != std::string::npos || has_nul(name)) {
            return invalid("Expected no '=' and no NUL in the names of `env` but received \"" + name + "\"");
        }
        if (has_nul(value)) return invalid("Expected no NUL in the value of \"" + name + "\" in `env`");
        environment.push_back(name + "=" + value);
    }
    if (find_variable(environment, "PATH").data() == nullptr)
        environment.push_back("PATH=" + std::string(default_path));
    return environment;
}

Result<std::string> read_cwd(const Json &request) {
    if (!request.has("cwd")) return std::string("/");
    auto cwd = request.string("cwd");
    if (cwd && (cwd.value().empty() || cwd.value()[0] != '/' || has_nul(cwd.value()))) {
        return invalid("Expected an absolute path for `cwd` but received \"" + cwd.value() + "\"");
    }
    return cwd;
}

Result<std::string> read_user(const Json &request) {
    if (!request.has("user")) return std::string("0");
    auto user = request.string("user");
    if (user && !parse_user_spec(user.value())) {
        return invalid("Expected a user, or user:group, for `user` but received \"" + user.value() + "\"");
    }
    return user;
}

Status check_sizes(const ExecRequest &request) {
    std::size_t total = 0;
    for (const auto *strings : {&request.argv, &request.environment}) {
        for (const auto &text : *strings) {
            if (text.size() >= longest_string) {
                return Failure{"limit", "One argument or variable of the command exceeds 128 KiB"};
            }
            total += text.size() + 1;
        }
    }
    if (total > longest_command) return Failure{"limit", "The arguments and variables of the command exceed 1 MiB"};
    return success();
}

} // namespace

Result<ExecRequest> parse_exec_request(const Json &request) {
    auto argv = request.strings("argv");
    if (!argv) return argv.failure();
    if (const Status checked = check_argv(argv.value()); !checked) return checked.failure();
    auto environment = read_environment(request);
    if (!environment) return environment.failure();
    auto cwd = read_cwd(request);
    if (!cwd) return cwd.failure();
    auto user = read_user(request);
    if (!user) return user.failure();
    const auto shell = request.boolean("shell");
    if (!shell) return shell.failure();
    const auto wants_stdin = request.boolean("stdin");
    if (!wants_stdin) return wants_stdin.failure();
    const auto announce = request.boolean("announce");
    if (!announce) return announce.failure();
    const auto kill_signal = request.integer("killSignal", 1, last_signal);
    if (!kill_signal) return kill_signal.failure();
    const auto kill_grace_ms = request.integer("killGraceMs", 0, longest_grace_ms);
    if (!kill_grace_ms) return kill_grace_ms.failure();

    ExecRequest parsed{std::move(argv.value()),
                       shell.value(),
                       std::move(environment.value()),
                       std::move(cwd.value()),
                       std::move(user.value()),
                       wants_stdin.value(),
                       announce.value(),
                       static_cast<int>(kill_signal.value()),
                       kill_grace_ms.value()};
    if (const Status checked = check_sizes(parsed); !checked) return checked.failure();
    return parsed;
}

} // namespace boxlite
