#include "command.hpp"
#include "attachment.hpp"

namespace boxlite {

Result<std::unique_ptr<Call>> open_command(const Services &services, std::uint32_t stream, const Json &request) {
    auto parsed = parse_exec_request(request);
    if (!parsed) return parsed.failure();
    if (parsed.value().detached) return start_detached(services, stream, std::move(parsed.value()));
    return Command::start(services, stream, std::move(parsed.value()));
}

Command::Command(const Services &services, std::uint32_t stream, const ExecRequest &request)
    : Call(services, stream), announce_(request.announce) {}

Command::~Command() {
    if (program_) services_.programs.erase(program_->id());
}

Result<std::unique_ptr<Call>> Command::start(const Services &services, std::uint32_t stream, ExecRequest request) {
    std::unique_ptr<Command> command(new Command(services, stream, request));
    if (const Status begun = command->begin(std::move(request)); !begun) return begun.failure();
    return std::unique_ptr<Call>(std::move(command));
}

Status Command::begin(ExecRequest request) {
    auto made = make_streams(services_.root, request);
    if (!made) return made.failure();
    CommandStreams &streams = made.value();
    const LaunchStreams for_launch = streams.for_launch(services_.root);
    const bool is_terminal = streams.is_terminal();
    if (is_terminal) terminal_ = streams.out.get();
    if (streams.in) input_ = std::make_unique<Input>(std::move(streams.in), is_terminal);
    outputs_[0] = std::make_unique<Output>(std::move(streams.out), Channel::out, is_terminal);
    if (streams.err) outputs_[1] = std::make_unique<Output>(std::move(streams.err), Channel::err);
    if (input_) {
        if (Status s = input_->watch(services_.poller); !s) return s;
    }
    for (const auto &output : outputs_) {
        if (!output) continue;
        if (Status s = output->watch(services_.poller); !s) return s;
    }
    auto program = Program::start(services_, std::move(request), for_launch);
    if (!program) return program.failure();
    program_ = std::move(program.value());
    return success();
}

bool Command::receive_input(const Frame &frame) {
    if (frame.header.channel() != Channel::in) return false;
    // Without an input there is nothing to end, and nothing to give to.
    if (!input_) return frame.payload.empty();
    return input_->receive(frame);
}

bool Command::grant(const Frame &frame) {
    const std::uint32_t bytes = read_u32(frame.payload);
    switch (frame.header.channel()) {
    case Channel::out:
        return outputs_[0]->grant(bytes);
    case Channel::err:
        return outputs_[1] && outputs_[1]->grant(bytes);
    case Channel::in:
        break;
    }
    return false;
}

Result<bool> Command::control(const Json &request) {
    const auto op = request.string("op");
    if (!op) return op.failure();
    if (op.value() == "resize") return resize_terminal(terminal_, request);
    return program_->control(op.value(), request);
}

void Command::close() {
    let_go_ = true;
    program_->let_go();
}

void Command::abandon() {
    if (input_) input_->close();
    program_->kill_now();
}

bool Command::reaped(pid_t pid, int wait_status) {
    if (!program_->reaped(pid, wait_status)) return false;
    if (input_) input_->close();
    for (const auto &output : outputs_) {
        if (output) output->command_ended();
    }
    return true;
}

bool Command::step(std::int64_t now_ns) {
    const bool was_launching = program_->launching();
    program_->step(now_ns);
    if (was_launching && !program_->launching()) announce_start();
    if (input_) input_->take_turn(stream_, frames());
    program_->tell_denials(stream_, told_denials_);
    if (!program_->ended()) return false;
    if (program_->launching()) {
        send_error(frames(), stream_, program_->launch_failure());
        return true;
    }
    if (!outputs_ended() || !program_->nothing_awaited()) return false;
    append_control(frames(), Kind::exit, stream_, program_->exit_text());
    services_.programs.erase(program_->id());
    return true;
}

void Command::announce_start() {
    services_.programs[program_->id()] = program_.get();
    if (announce_) append_control(frames(), Kind::started, stream_, program_->started().text());
}

bool Command::outputs_ended() const {
    return let_go_ || (outputs_[0]->ended() && (!outputs_[1] || outputs_[1]->ended()));
}

bool Command::move_output() {
    bool moved = false;
    // What a program wrote comes after the word that it was started.
    if (program_->launching()) return moved;
    if (let_go_) return discard_output();
    for (const auto &output : outputs_)
        moved = (output && pass(output->take_turn(stream_))) || moved;
    return moved;
}

bool Command::is_gone() {
    const bool gone = program_->is_gone();
    return gone && outputs_[0]->closed() && (!outputs_[1] || outputs_[1]->closed());
}

bool Command::discard_output() {
    const bool first = outputs_[0]->discard_turn();
    return (outputs_[1] && outputs_[1]->discard_turn()) || first;
}

} // namespace boxlite
