#pragma once
#include "cgroup.hpp"
#include "launch.hpp"
#include "services.hpp"
#include <memory>
#include <optional>

namespace boxlite {

// What a command runs as: its main process, the cgroup with everything that it started, and how both end.
class Program final : public EventSource {
public:
    static Result<std::unique_ptr<Program>> start(const Services &services, ExecRequest request,
                                                  const LaunchStreams &streams);
    ~Program();
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;
    // The launch's status pipe.
    void note(std::uint32_t) override { launch_over_ = true; }

    const std::string &id() const { return id_; }
    pid_t pid() const { return pid_; }
    // Whether it has not come to its exec yet, or failed to.
    bool launching() const { return launch_ != nullptr; }
    // The main process has ended.
    bool ended() const { return wait_status_.has_value(); }
    std::int64_t ended_ns() const { return ended_ns_; }
    // Of an ended one: what is told of a launch that failed.
    Failure launch_failure() const { return launch_->failure(); }

    // `kill` and `end` of the client.
    Result<bool> control(const std::string &op, const Json &request);
    // Ends it as its request said.
    void let_go() { end(kill_signal_, kill_grace_ms_); }
    void kill_now();
    bool reaped(pid_t pid, int wait_status);

    // Does what has become due.
    void step(std::int64_t now_ns);
    std::optional<std::int64_t> deadline() const { return kill_at_ ? kill_at_ : give_up_at_ ? give_up_at_ : end_at_; }
    // A program that was asked to end has left nothing behind; any other may.
    bool nothing_awaited();
    // The payload of `exit`, and of `started`.
    std::string exit_text() const;
    JsonWriter started() const { return JsonWriter().member("id", id_).member("pid", pid_); }
    // A denial of the box's network that was this program's; past its first ones they are not kept.
    void note_denial(std::uint64_t number);
    // Those that the call was not told of yet, by their numbers.
    void tell_denials(std::uint32_t stream, std::size_t &told) const;
    // As a listing shows it.
    JsonWriter described() const;
    // After its end: false while processes of it live on.
    bool is_gone();

private:
    Program(const Services &services, CommandCgroup cgroup, const ExecRequest &request);
    Status launch(ExecRequest request, const LaunchStreams &streams);
    // Signals everything, and kills what is left after the grace.
    bool end(int signal, std::int64_t grace_ms);
    void settle_launch();
    void remove_cgroup();

    Services services_;
    std::string id_; // also of the cgroup
    std::string name_;
    std::vector<std::string> argv_;
    int kill_signal_;
    std::int64_t kill_grace_ms_;

    CommandCgroup cgroup_;
    std::uint64_t cgroup_kernel_id_;
    std::vector<std::uint64_t> denials_;
    std::unique_ptr<Launch> launch_;
    pid_t pid_ = -1;
    std::int64_t started_ns_ = 0;
    std::int64_t started_at_ms_ = 0; // of the wall clock
    std::int64_t ended_ns_ = 0;
    std::optional<int> wait_status_;
    bool launch_over_ = false;

    std::optional<std::int64_t> end_at_;
    bool ending_ = false;
    std::optional<std::int64_t> kill_at_;
    std::optional<std::int64_t> give_up_at_;
    bool gave_up_ = false;
    int cgroup_watch_ = -1;
    bool cgroup_changed_ = false;
    bool tended_ = false;
};

} // namespace boxlite
