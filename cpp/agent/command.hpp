#pragma once
#include "call.hpp"
#include "cgroup.hpp"
#include "input.hpp"
#include "launch.hpp"
#include "output.hpp"
#include <array>
#include <memory>
#include <optional>

namespace boxlite {

// One command and everything it started. While its call lasts it speaks on `stream`; what outlives the call is watched
// until it is gone, so that its output has a reader and its cgroup is removed.
class Command final : public Call, public EventSource {
public:
    static Result<std::unique_ptr<Command>> start(const Services &services, std::uint32_t stream, CommandCgroup cgroup,
                                                  ExecRequest request);
    ~Command() override;

    // The launch's status pipe.
    void note(std::uint32_t) override { launch_over_ = true; }

    bool receive_input(const Frame &frame) override;
    bool grant(const Frame &frame) override;
    Result<bool> control(const Json &request) override;
    // Ends it as the request said, and throws its output away.
    void close() override;
    void abandon() override;
    bool reaped(pid_t pid, int wait_status) override;

    bool step(std::int64_t now_ns) override;
    bool move_output() override;
    std::optional<std::int64_t> deadline() const override { return kill_at_ ? kill_at_ : give_up_at_; }

    bool is_gone() override;
    bool discard_output() override;

private:
    Command(const Services &services, std::uint32_t stream, CommandCgroup cgroup, const ExecRequest &request);
    Status connect_and_launch(ExecRequest request);
    // Signals everything, and kills what is left after the grace; the exit then waits for all of it.
    bool end(int signal, std::int64_t grace_ms);
    void settle_launch();
    bool outputs_ended() const;
    bool everything_ended();
    void send_exit();
    void remove_cgroup();

    std::string id_; // of the command, and of its cgroup
    int kill_signal_;
    std::int64_t kill_grace_ms_;
    bool announce_;

    CommandCgroup cgroup_;
    std::unique_ptr<Launch> launch_;
    std::unique_ptr<Input> input_;
    std::array<std::unique_ptr<Output>, 2> outputs_;
    pid_t pid_ = -1;
    std::int64_t started_ns_ = 0;
    std::int64_t ended_ns_ = 0;
    std::optional<int> wait_status_;
    bool launch_over_ = false;

    bool ending_ = false;
    bool let_go_ = false;
    std::optional<std::int64_t> kill_at_;
    std::optional<std::int64_t> give_up_at_;
    bool gave_up_ = false;
    int cgroup_watch_ = -1;
    bool cgroup_changed_ = false;
    bool tended_ = false;
};

// `open` with op exec.
Result<std::unique_ptr<Call>> open_command(const Services &services, std::uint32_t stream, const Json &request);

} // namespace boxlite
