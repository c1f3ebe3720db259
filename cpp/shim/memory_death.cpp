#include "memory_death.hpp"
#include "../common/fd.hpp"
#include <cerrno>
#include <charconv>
#include <ctime>
#include <fcntl.h>
#include <string>

namespace boxlite {
namespace {

constexpr std::size_t record_bytes = 8192;
// The kernel sends the signal first, and writes its line a moment later.
constexpr int looks = 3;
constexpr timespec between_looks{0, 20'000'000};
constexpr double us_per_ms = 1000;

// The text between two commas, counted from 0: "priority,sequence,microseconds,flags;text".
std::string_view field_of(std::string_view record, int index) {
    for (; index > 0; --index) {
        const std::size_t comma = record.find(',');
        if (comma == std::string_view::npos) return {};
        record.remove_prefix(comma + 1);
    }
    return record.substr(0, record.find_first_of(",;"));
}

bool look(pid_t pid, std::uint64_t since_us) {
    const Fd log(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!log) return false;
    char record[record_bytes];
    for (;;) {
        const ssize_t count = ::read(log.get(), record, sizeof record);
        // EPIPE: records went while they were read; the next read goes on with the oldest one that is left.
        if (count < 0 && (errno == EINTR || errno == EPIPE)) continue;
        if (count <= 0) return false;
        if (record_tells_oom_kill({record, static_cast<std::size_t>(count)}, pid, since_us)) return true;
    }
}

} // namespace

bool record_tells_oom_kill(std::string_view record, pid_t pid, std::uint64_t since_us) {
    const std::string_view stamp = field_of(record, 2);
    std::uint64_t at_us = 0;
    const auto parsed = std::from_chars(stamp.data(), stamp.data() + stamp.size(), at_us);
    if (parsed.ec != std::errc() || at_us < since_us) return false;
    return record.find("ut of memory: Killed process " + std::to_string(pid) + " (") != std::string_view::npos;
}

bool log_tells_oom_kill(pid_t pid, double since_ms) {
    const auto since_us = static_cast<std::uint64_t>(since_ms * us_per_ms);
    for (int tried = 0; tried < looks; ++tried) {
        if (tried > 0) ::nanosleep(&between_looks, nullptr);
        if (look(pid, since_us)) return true;
    }
    return false;
}

} // namespace boxlite
