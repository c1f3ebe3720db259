#include "pid_file.hpp"
#include "../common/io.hpp"
#include "../common/json.hpp"
#include <cstdlib>
#include <unistd.h>

namespace boxlite {
namespace {

constexpr std::size_t proc_limit = 65'536;

std::string path_of(const ShimSettings &settings) {
    return settings.directory + "/shim.pid";
}

// Field 22 of /proc/self/stat, proc(5); counted from the last ')', since the name before it may hold anything.
Result<std::uint64_t> start_ticks() {
    const auto stat = read_file("/proc/self/stat", proc_limit);
    if (!stat) return stat.failure();
    std::size_t at = stat.value().rfind(')');
    for (int field = 2; field < 22 && at != std::string::npos; ++field)
        at = stat.value().find(' ', at + 1);
    if (at == std::string::npos) return Failure{"boot-failed", "Cannot read the start time in /proc/self/stat"};
    return std::strtoull(stat.value().c_str() + at, nullptr, 10);
}

Result<std::string> boot_id() {
    auto id = read_file("/proc/sys/kernel/random/boot_id", proc_limit);
    if (id && !id.value().empty() && id.value().back() == '\n') id.value().pop_back();
    return id;
}

} // namespace

Status write_pid_file(const ShimSettings &settings, const std::string &program) {
    const auto ticks = start_ticks();
    if (!ticks) return ticks.failure();
    const auto boot = boot_id();
    if (!boot) return boot.failure();
    JsonWriter json;
    json.member("pid", static_cast<int>(::getpid()))
        .member("startTicks", ticks.value())
        .member("bootId", boot.value())
        .member("argv", std::vector<std::string>{program, settings.box_id});
    return write_file_by_rename(path_of(settings), json.text() + "\n");
}

void remove_pid_file(const ShimSettings &settings) {
    ::unlink(path_of(settings).c_str());
}

} // namespace boxlite
