#pragma once
#include "cgroup.hpp"
#include "input.hpp"
#include "launch.hpp"
#include "output.hpp"
#include "services.hpp"
#include <array>
#include <memory>
#include <optional>

namespace boxlite {

// One command and everything it started. While its call lasts it speaks on `stream`; what outlives the call is watched
// until it is gone, so that its output has a reader and its cgroup is removed.
class Command final : public EventSource {
public:
    static Result<std::unique_ptr<Command>> start(const Services &services, std::uint32_t stream, CommandCgroup cgroup,
                                                  ExecRequest request);
    ~Command();

    std::uint32_t stream() const { return stream_; }
    pid_t pid() const { return pid_; }
    // The launch's status pipe.
    void note(std::uint32_t) override { launch_over_ = true; }

    // Frames of the client. False when the frame breaks the protocol.
    bool receive_input(const Frame &frame);
    bool grant(const Frame &frame);
    bool signal(int number) { return cgroup_.signal_all(number); }
    // Signals everything, and kills what is left after the grace; the exit then waits for all of it.
    bool end(int signal, std::int64_t grace_ms);
    // The client let go: ends it as the request said, and throws its output away.
    void close();
    // The main process was reaped.
    void main_ended(int wait_status);
    // The call is over without an exit: everything is killed.
    void abandon();

    // Does what has become due. True once the call is over.
    bool step(std::int64_t now_ns);
    // Moves one piece of each output; false when there was nothing to move.
    bool move_output();
    std::optional<std::int64_t> deadline() const { return kill_at_ ? kill_at_ : give_up_at_; }

    // After the call: false while something of it is left.
    bool is_gone();
    bool discard_output();

private:
    Command(const Services &services, std::uint32_t stream, CommandCgroup cgroup, const ExecRequest &request);
    Status connect_and_launch(ExecRequest request);
    void settle_launch();
    bool outputs_ended() const;
    bool everything_ended();
    void send_exit();
    void remove_cgroup();

    Services services_;
    std::uint32_t stream_;
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

// An `error` frame.
void send_error(std::vector<std::byte> &frames, std::uint32_t stream, const Failure &failure);

} // namespace boxlite
