#include "cgroup.hpp"
#include "../common/io.hpp"
#include <cstdlib>
#include <fcntl.h>

namespace boxlite {
namespace {

constexpr std::size_t file_limit = 1u << 20;

std::string content(const std::string &path) {
    const auto text = read_file(path, file_limit);
    return text ? text.value() : std::string();
}

} // namespace

bool Cgroup::holds_us() const {
    if (path_.empty()) return true;
    return ("\n" + content(path_ + "/cgroup.procs")).find("\n" + std::to_string(::getpid()) + "\n") !=
           std::string::npos;
}

void Cgroup::kill_others() const {
    if (path_.empty()) return;
    const std::string processes = content(path_ + "/cgroup.procs");
    if (processes.empty() || processes == std::to_string(::getpid()) + "\n") return;
    const Fd file(::open((path_ + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
    if (file) [[maybe_unused]]
        const Status ignored = write_all(file.get(), "1");
}

std::uint64_t Cgroup::oom_kills() const {
    if (path_.empty()) return 0;
    const std::string events = content(path_ + "/memory.events");
    const std::size_t at = events.find("oom_kill ");
    return at == std::string::npos ? 0 : std::strtoull(events.c_str() + at + 9, nullptr, 10);
}

} // namespace boxlite
