#pragma once
#include "call.hpp"
#include "command_streams.hpp"
#include "input.hpp"
#include "output.hpp"
#include "program.hpp"
#include <array>

namespace boxlite {

// A command that lives as long as its call. What outlives both is watched until it is gone, so that its output has a
// reader and its cgroup is removed.
class Command final : public Call {
public:
    static Result<std::unique_ptr<Call>> start(const Services &services, std::uint32_t stream, ExecRequest request);
    ~Command() override;

    bool receive_input(const Frame &frame) override;
    bool grant(const Frame &frame) override;
    Result<bool> control(const Json &request) override;
    // Ends it as the request said, and throws its output away.
    void close() override;
    void abandon() override;
    bool reaped(pid_t pid, int wait_status) override;

    bool step(std::int64_t now_ns) override;
    bool move_output() override;
    std::optional<std::int64_t> deadline() const override { return program_->deadline(); }

    bool is_gone() override;
    bool discard_output() override;

private:
    Command(const Services &services, std::uint32_t stream, const ExecRequest &request);
    Status begin(ExecRequest request);
    void announce_start();
    bool outputs_ended() const;

    bool announce_;
    std::unique_ptr<Program> program_;
    std::unique_ptr<Input> input_;
    // The second is missing with a terminal.
    std::array<std::unique_ptr<Output>, 2> outputs_;
    int terminal_ = -1;
    bool let_go_ = false;
    std::size_t told_denials_ = 0;
};

// `open` with op exec.
Result<std::unique_ptr<Call>> open_command(const Services &services, std::uint32_t stream, const Json &request);

} // namespace boxlite
