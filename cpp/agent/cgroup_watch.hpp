#pragma once
#include "../common/fd.hpp"
#include "poller.hpp"
#include <string>
#include <unordered_map>

namespace boxlite {

// Tells commands that their cgroup may have emptied.
class CgroupWatch final : public EventSource {
public:
    static Result<CgroupWatch> create();
    int fd() const { return fd_.get(); }
    // `changed` is set at each change until forgotten, and lives until then.
    int add(const std::string &cgroup_id, bool &changed);
    void forget(int watch);

    void note(std::uint32_t) override { news_ = true; }
    // Sets the marks of what changed since the last time.
    void read_news();

private:
    Fd fd_;
    bool news_ = false;
    std::unordered_map<int, bool *> marks_;
};

} // namespace boxlite
