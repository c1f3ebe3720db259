#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace boxlite {

// The cgroup that the box's processes share, where there is one.
class Cgroup {
public:
    explicit Cgroup(const std::optional<std::string> &path)
        : path_(path.value_or("")), oom_kills_before_(oom_kills()) {}

    // Whether this process was started in it; true where there is none.
    bool holds_us() const;
    // Whether the kernel killed for want of memory since the beginning.
    bool oom_killed() const { return oom_kills() > oom_kills_before_; }
    // Kills every process in it, this one too; nothing when no other is left.
    void kill_others() const;

private:
    std::uint64_t oom_kills() const;

    std::string path_;
    std::uint64_t oom_kills_before_;
};

} // namespace boxlite
