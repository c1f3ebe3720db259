#include "cgroup.hpp"
#include "../common/io.hpp"
#include "clock.hpp"
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace boxlite {
namespace {

const std::string commands_path = "/sys/fs/cgroup/c";
constexpr std::size_t longest_file = 16u << 20;
constexpr int deepest = 32;
// What forks faster than it can be signalled is left to SIGKILL.
constexpr std::int64_t patience_ns = 50 * ns_per_ms;

std::string read_at(int directory, const char *name) {
    const Fd file(::openat(directory, name, O_RDONLY | O_CLOEXEC));
    if (!file) return {};
    auto text = read_all(file.get(), longest_file);
    return text ? std::move(text.value()) : std::string{};
}

bool write_at(int directory, const char *name, std::string_view text) {
    const Fd file(::openat(directory, name, O_WRONLY | O_CLOEXEC));
    return file && static_cast<bool>(write_all(file.get(), text));
}

std::int64_t number_after(std::string_view text, std::string_view key) {
    const std::size_t at = text.starts_with(key) ? 0 : text.find("\n" + std::string(key));
    if (at == std::string_view::npos) return 0;
    text.remove_prefix(at + key.size() + (at == 0 ? 0 : 1));
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

template <typename Visit> void for_each_child(int directory, Visit visit) {
    const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return;
    const std::unique_ptr<DIR, int (*)(DIR *)> listing(::fdopendir(copy), ::closedir);
    if (!listing) return;
    while (const dirent *entry = ::readdir(listing.get())) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
        const Fd child(::openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
        if (child) visit(child.get(), entry->d_name);
    }
}

void collect_processes(int directory, int depth, std::vector<pid_t> &pids) {
    const std::string text = read_at(directory, "cgroup.procs");
    const char *at = text.data();
    const char *end = at + text.size();
    while (at < end) {
        pid_t pid = 0;
        const auto parsed = std::from_chars(at, end, pid);
        if (parsed.ec == std::errc{} && pid > 0) pids.push_back(pid);
        at = std::find(parsed.ptr, end, '\n');
        if (at < end) ++at;
    }
    if (depth < deepest)
        for_each_child(directory, [&](int child, const char *) { collect_processes(child, depth + 1, pids); });
}

// From a line "0::/c/<id>/below".
bool lies_in(std::string_view membership, const std::string &id) {
    const std::string own = "0::/c/" + id;
    if (!membership.starts_with(own)) return false;
    const std::string_view below = membership.substr(own.size());
    return below.starts_with('\n') || below.starts_with('/');
}

// The pid is looked at again once it is held: between reading and holding it may have become another process.
bool send_signal(pid_t pid, int signal, const std::string &id) {
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process) return false;
    const auto membership = read_file("/proc/" + std::to_string(pid) + "/cgroup", longest_file);
    if (!membership || !lies_in(membership.value(), id)) return false;
    return ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0;
}

void remove_children(int directory, int depth) {
    if (depth >= deepest) return;
    for_each_child(directory, [&](int child, const char *name) {
        remove_children(child, depth + 1);
        ::unlinkat(directory, name, AT_REMOVEDIR);
    });
}

} // namespace

Status CommandCgroup::limit(const CommandLimits &limits) const {
    const auto set = [this](const char *file, const std::optional<std::int64_t> &value, const char *more) -> Status {
        if (!value || write_at(directory_.get(), file, std::to_string(*value) + more)) return success();
        return failure_from_errno(std::string("set ") + file + " of the command", errno, "limit");
    };
    if (Status s = set("memory.max", limits.memory_bytes, ""); !s) return s;
    if (Status s = set("pids.max", limits.processes, ""); !s) return s;
    // Microseconds of each 100 ms.
    std::optional<std::int64_t> quota;
    if (limits.cpu_thousandths) quota = std::max<std::int64_t>(*limits.cpu_thousandths * 100, 1'000);
    return set("cpu.max", quota, " 100000");
}

std::uint64_t CommandCgroup::kernel_id() const {
    struct stat status{};
    return ::fstat(directory_.get(), &status) == 0 ? status.st_ino : 0;
}

bool CommandCgroup::signal_all(int signal) const {
    if (signal == SIGKILL) {
        const bool any = populated();
        kill_all();
        return any;
    }
    bool any = false;
    std::vector<pid_t> seen;
    const std::int64_t deadline = boot_clock_ns() + patience_ns;
    do {
        std::vector<pid_t> pids;
        collect_processes(directory_.get(), 0, pids);
        bool news = false;
        for (const pid_t pid : pids) {
            if (std::find(seen.begin(), seen.end(), pid) != seen.end()) continue;
            seen.push_back(pid);
            news = true;
            any = send_signal(pid, signal, id_) || any;
        }
        if (!news) break;
    } while (boot_clock_ns() < deadline);
    return any;
}

void CommandCgroup::kill_all() const {
    write_at(directory_.get(), "cgroup.kill", "1");
}

bool CommandCgroup::populated() const {
    return number_after(read_at(directory_.get(), "cgroup.events"), "populated ") != 0;
}

CgroupUsage CommandCgroup::usage() const {
    const int at = directory_.get();
    return {number_after(read_at(at, "cpu.stat"), "usage_usec ") / 1000, number_after(read_at(at, "memory.peak"), ""),
            number_after(read_at(at, "memory.events"), "oom_kill ") > 0};
}

bool CommandCgroup::remove() {
    const std::string path = commands_path + "/" + id_;
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return true;
    if (populated()) return false;
    remove_children(directory_.get(), 0);
    return ::rmdir(path.c_str()) == 0;
}

Status prepare_cgroups() {
    const Fd root(::open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) return failure_from_errno("open /sys/fs/cgroup", errno);
    if (::mkdir(commands_path.c_str(), 0755) != 0 && errno != EEXIST)
        return failure_from_errno("make " + commands_path, errno);
    const Fd commands = open_commands_cgroup();
    for (const int directory : {root.get(), commands.get()}) {
        // With cpu, a command that forks without end takes its own share of time and no more.
        if (!write_at(directory, "cgroup.subtree_control", "+cpu +memory +pids")) {
            return failure_from_errno("enable the cpu, memory and pids controllers", errno);
        }
    }
    return success();
}

Fd open_commands_cgroup() {
    return Fd(::open(commands_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Result<CommandCgroup> make_cgroup(const std::string &id) {
    const std::string path = commands_path + "/" + id;
    if (::mkdir(path.c_str(), 0755) != 0) return failure_from_errno("make the cgroup " + path, errno, "limit");
    Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return failure_from_errno("open the cgroup " + path, errno, "limit");
    return CommandCgroup(id, std::move(directory));
}

std::uint64_t count_processes() {
    const Fd commands = open_commands_cgroup();
    std::vector<pid_t> pids;
    if (commands) collect_processes(commands.get(), 0, pids);
    return pids.size();
}

std::string cgroup_events_path(const std::string &id) {
    return commands_path + "/" + id + "/cgroup.events";
}

} // namespace boxlite
