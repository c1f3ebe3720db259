#pragma once
#include "command_streams.hpp"
#include "input.hpp"
#include "output_ring.hpp"
#include "program.hpp"
#include <array>
#include <deque>

namespace boxlite {

// A command that goes on without a client, with the last of its output. Clients join it through attachments.
class DetachedCommand {
public:
    static Result<std::shared_ptr<DetachedCommand>> start(const Services &services, ExecRequest request);
    ~DetachedCommand();
    DetachedCommand(const DetachedCommand &) = delete;
    DetachedCommand &operator=(const DetachedCommand &) = delete;

    Program &program() { return *program_; }
    // Null for stderr of a command with a terminal.
    const OutputRing *output(std::size_t index) const { return outputs_[index].get(); }
    int terminal() const { return terminal_; }
    // Main process and output have ended, and what was asked to end has.
    bool over() const { return !exit_.empty(); }
    const std::string &exit_text() const { return exit_; }

    // The call whose stdin it is: whoever joined last. 0 once that one is gone.
    std::uint32_t writer() const { return writer_; }
    void change_writer(std::uint32_t stream);
    bool receive_input(const Frame &frame);

    bool reaped(pid_t pid, int wait_status);
    // Does what is due; true when there may be more to do.
    bool step(std::int64_t now_ns);
    std::optional<std::int64_t> deadline() const { return program_->deadline(); }
    std::size_t kept_bytes() const;
    // Lets go of the kept output.
    void drop_output();
    // Cannot be joined any more.
    void unlist();
    // Nothing of it lives on.
    bool is_gone() const { return gone_; }

private:
    explicit DetachedCommand(const Services &services) : services_(services) {}
    Status begin(ExecRequest request);
    bool outputs_ended() const;
    bool outputs_closed() const;

    Services services_;
    std::unique_ptr<Program> program_;
    std::unique_ptr<Input> input_;
    std::array<std::unique_ptr<OutputRing>, 2> outputs_;
    int terminal_ = -1;
    std::uint32_t writer_ = 0;
    bool listed_ = false;
    bool gone_ = false;
    std::string exit_;
};

// All detached commands: those that run, and the last of those that have ended.
class DetachedCommands {
public:
    // For so long after its end a command can be joined, if it is among so many.
    static constexpr std::int64_t joinable_ns = 600'000'000'000;
    static constexpr std::size_t most_ended = 256;

    void add(std::shared_ptr<DetachedCommand> command) { running_.push_back(std::move(command)); }
    std::shared_ptr<DetachedCommand> find(const std::string &id) const;
    void reaped(pid_t pid, int wait_status);
    bool step(std::int64_t now_ns);
    std::optional<std::int64_t> next_deadline() const;

private:
    void retire_ended();
    void forget_ended(std::int64_t now_ns);
    void forget_first();
    void bound_kept_output();

    std::vector<std::shared_ptr<DetachedCommand>> running_;
    std::deque<std::shared_ptr<DetachedCommand>> ended_; // in the order of their ends
    // Those that cannot be joined any more, until nothing of them lives on.
    std::vector<std::shared_ptr<DetachedCommand>> leftovers_;
};

} // namespace boxlite
