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

Result<std::optional<WindowSize>> read_terminal(const Json &request) {
    if (!request.has("tty")) return std::optional<WindowSize>();
    const auto terminal = request.object("tty");
    if (!terminal) return terminal.failure();
    const auto size = parse_window_size(terminal.value());
    if (!size) return size.failure();
    return std::optional<WindowSize>(size.value());
}

Status read_limit(const Json &limits, const char *key, std::optional<std::int64_t> &limit) {
    if (!limits.has(key)) return success();
    const auto value = limits.integer(key, 1, INT64_MAX);
    if (!value) return value.failure();
    limit = value.value();
    return success();
}

Result<CommandLimits> read_limits(const Json &request) {
    CommandLimits limits;
    if (!request.has("limits")) return limits;
    const auto given = request.object("limits");
    if (!given) return given.failure();
    if (const Status s = read_limit(given.value(), "memoryBytes", limits.memory_bytes); !s) return s.failure();
    if (const Status s = read_limit(given.value(), "cpuThousandths", limits.cpu_thousandths); !s) return s.failure();
    if (const Status s = read_limit(given.value(), "processes", limits.processes); !s) return s.failure();
    return limits;
}

Result<std::string> read_name(const Json &request) {
    return request.has("name") ? request.string("name") : std::string();
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

Result<WindowSize> parse_window_size(const Json &request) {
    const auto columns = request.integer("cols", 1, UINT16_MAX);
    if (!columns) return columns.failure();
    const auto rows = request.integer("rows", 1, UINT16_MAX);
    if (!rows) return rows.failure();
    return WindowSize{static_cast<std::uint16_t>(columns.value()), static_cast<std::uint16_t>(rows.value())};
}

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
    const auto terminal = read_terminal(request);
    if (!terminal) return terminal.failure();
    const auto limits = read_limits(request);
    if (!limits) return limits.failure();
    auto name = read_name(request);
    if (!name) return name.failure();
    const bool has_detached = request.has("detached");
    const auto detached = has_detached ? request.boolean("detached") : Result<bool>(false);
    if (!detached) return detached.failure();
    std::optional<std::int64_t> life_ms;
    if (const Status s = read_limit(request, "lifeMs", life_ms); !s) return s.failure();
    if (terminal.value() && find_variable(environment.value(), "TERM").data() == nullptr)
        environment.value().push_back("TERM=xterm-256color");

    ExecRequest parsed{std::move(argv.value()),
                       shell.value(),
                       std::move(environment.value()),
                       std::move(cwd.value()),
                       std::move(user.value()),
                       wants_stdin.value(),
                       announce.value(),
                       static_cast<int>(kill_signal.value()),
                       kill_grace_ms.value(),
                       terminal.value(),
                       limits.value(),
                       std::move(name.value()),
                       detached.value(),
                       life_ms};
    if (const Status checked = check_sizes(parsed); !checked) return checked.failure();
    return parsed;
}

} // namespace boxlite
