#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"
#include "exec_request.hpp"
#include "launch_plan.hpp"
#include <memory>

namespace boxlite {

// The command's ends of its three streams.
struct LaunchStreams {
    int in;
    int out;
    int err;
    bool owns_in;
    bool terminal; // all three are one
};

// An exec under way: the child runs in our memory until its exec, so that no page table is copied, and we go on
// meanwhile, so that a file system that hangs in its lookup holds up nobody else.
class Launch {
public:
    static Result<std::unique_ptr<Launch>> begin(ExecRequest request, int mount_namespace, int cgroup,
                                                 LaunchStreams streams);
    // Not before the status pipe has ended.
    ~Launch();
    Launch(const Launch &) = delete;
    Launch &operator=(const Launch &) = delete;

    pid_t pid() const { return pid_; }
    // Ends when the program runs, or when the child gave up.
    int status_fd() const { return status_.get(); }
    bool failed() const { return plan_.report.step != LaunchStep::none; }
    // What a caller is told when it failed.
    Failure failure() const;

private:
    explicit Launch(ExecRequest request) : request_(std::move(request)) {}
    Status lay_out(int mount_namespace, LaunchStreams streams);
    Status start(int cgroup);

    ExecRequest request_;
    std::vector<char *> argv_;
    std::vector<char *> environment_;
    LaunchPlan plan_;
    std::byte *memory_ = nullptr;
    Fd status_;
    pid_t pid_ = -1;
};

// The code and the words for a launch that failed.
Failure launch_failure(const ExecRequest &request, const LaunchReport &report);

} // namespace boxlite
