#pragma once
#include "cgroup.hpp"
#include <optional>

namespace boxlite {

// Cgroups for commands, each with an id that is never used again. One is made ahead of time.
class CgroupSupply {
public:
    explicit CgroupSupply(std::string id_prefix) : id_prefix_(std::move(id_prefix)) {}

    Result<CommandCgroup> next() {
        if (!prepared_) return make();
        CommandCgroup cgroup = std::move(*prepared_);
        prepared_.reset();
        return cgroup;
    }
    // Makes the next one while nobody waits for it.
    void prepare() {
        if (prepared_) return;
        if (auto made = make()) prepared_ = std::move(made.value());
    }

private:
    Result<CommandCgroup> make() { return make_cgroup(id_prefix_ + std::to_string(++last_id_)); }

    std::string id_prefix_;
    std::uint64_t last_id_ = 0;
    std::optional<CommandCgroup> prepared_;
};

} // namespace boxlite
