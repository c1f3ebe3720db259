#pragma once
#include <cstdint>
#include <ctime>

namespace boxlite {

// Nanoseconds since the kernel started.
inline std::int64_t boot_clock_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// Milliseconds since 1970.
inline std::int64_t wall_clock_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000 + now.tv_nsec / 1'000'000;
}

inline constexpr std::int64_t ns_per_ms = 1'000'000;

} // namespace boxlite
