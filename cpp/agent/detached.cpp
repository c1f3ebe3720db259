#include "detached.hpp"
#include <algorithm>
#include <sys/sysinfo.h>

namespace boxlite {
namespace {

// All that commands which have ended keep together: a part of the machine's memory that it does not miss.
std::size_t most_kept_of_ended() {
    struct sysinfo info{};
    return ::sysinfo(&info) == 0 ? info.totalram * info.mem_unit / 16 : 16u << 20;
}

} // namespace

Result<std::shared_ptr<DetachedCommand>> DetachedCommand::start(const Services &services, ExecRequest request) {
    std::shared_ptr<DetachedCommand> command(new DetachedCommand(services));
    if (const Status begun = command->begin(std::move(request)); !begun) return begun.failure();
    return command;
}

DetachedCommand::~DetachedCommand() {
    if (program_) unlist();
}

void DetachedCommand::unlist() {
    services_.programs.erase(program_->id());
}

Status DetachedCommand::begin(ExecRequest request) {
    auto made = make_streams(services_.root, request);
    if (!made) return made.failure();
    CommandStreams &streams = made.value();
    const LaunchStreams for_launch = streams.for_launch(services_.root);
    const bool is_terminal = streams.is_terminal();
    if (is_terminal) terminal_ = streams.out.get();
    if (streams.in) input_ = std::make_unique<Input>(std::move(streams.in), is_terminal);
    outputs_[0] = std::make_unique<OutputRing>(std::move(streams.out), is_terminal);
    if (streams.err) outputs_[1] = std::make_unique<OutputRing>(std::move(streams.err), false);
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

void DetachedCommand::change_writer(std::uint32_t stream) {
    writer_ = stream;
    if (input_ && stream != 0) input_->change_writer();
}

bool DetachedCommand::receive_input(const Frame &frame) {
    // Somebody before may have ended it.
    return !input_ || input_->ended() || input_->receive(frame);
}

bool DetachedCommand::reaped(pid_t pid, int wait_status) {
    if (!program_->reaped(pid, wait_status)) return false;
    if (input_) input_->close();
    for (const auto &output : outputs_) {
        if (output) output->command_ended();
    }
    return true;
}

bool DetachedCommand::step(std::int64_t now_ns) {
    program_->step(now_ns);
    if (!listed_ && !program_->launching()) {
        services_.programs[program_->id()] = program_.get();
        listed_ = true;
    }
    std::vector<std::byte> unheard;
    if (input_) input_->take_turn(writer_, writer_ == 0 ? unheard : services_.host.frames());
    bool busy = false;
    for (const auto &output : outputs_) {
        if (output) busy = (over() ? output->discard_turn() : output->take_turn()) || busy;
    }
    if (!over() && program_->ended() && outputs_ended() && program_->nothing_awaited())
        exit_ = program_->exit_text();
    if (over() && !gone_) gone_ = program_->is_gone() && outputs_closed();
    return busy;
}

bool DetachedCommand::outputs_ended() const {
    return outputs_[0]->ended() && (!outputs_[1] || outputs_[1]->ended());
}

bool DetachedCommand::outputs_closed() const {
    return outputs_[0]->closed() && (!outputs_[1] || outputs_[1]->closed());
}

std::size_t DetachedCommand::kept_bytes() const {
    std::size_t bytes = 0;
    for (const auto &output : outputs_) {
        if (output) bytes += static_cast<std::size_t>(output->end() - output->begin());
    }
    return bytes;
}

void DetachedCommand::drop_output() {
    for (const auto &output : outputs_) {
        if (output) output->drop();
    }
}

std::shared_ptr<DetachedCommand> DetachedCommands::find(const std::string &id) const {
    const auto is_it = [&](const auto &command) { return command->program().id() == id; };
    if (const auto at = std::find_if(running_.begin(), running_.end(), is_it); at != running_.end()) return *at;
    const auto at = std::find_if(ended_.begin(), ended_.end(), is_it);
    return at == ended_.end() ? nullptr : *at;
}

void DetachedCommands::reaped(pid_t pid, int wait_status) {
    for (const auto &command : running_) {
        if (command->reaped(pid, wait_status)) return;
    }
}

bool DetachedCommands::step(std::int64_t now_ns) {
    bool busy = false;
    for (const auto &command : running_)
        busy = command->step(now_ns) || busy;
    for (const auto &command : ended_)
        busy = command->step(now_ns) || busy;
    for (const auto &command : leftovers_)
        busy = command->step(now_ns) || busy;
    std::erase_if(leftovers_, [](const auto &command) { return command->is_gone(); });
    retire_ended();
    forget_ended(now_ns);
    return busy;
}

void DetachedCommands::retire_ended() {
    const auto ended = std::stable_partition(running_.begin(), running_.end(),
                                             [](const auto &command) { return !command->over(); });
    if (ended == running_.end()) return;
    for (auto command = ended; command != running_.end(); ++command) {
        // One that never ran is its opener's to tell.
        if ((*command)->program().launching())
            leftovers_.push_back(std::move(*command));
        else
            ended_.push_back(std::move(*command));
    }
    running_.erase(ended, running_.end());
    bound_kept_output();
}

void DetachedCommands::forget_ended(std::int64_t now_ns) {
    while (!ended_.empty() &&
           (ended_.size() > most_ended || now_ns - ended_.front()->program().ended_ns() > joinable_ns)) {
        forget_first();
    }
}

void DetachedCommands::forget_first() {
    ended_.front()->unlist();
    ended_.front()->drop_output();
    leftovers_.push_back(std::move(ended_.front()));
    ended_.pop_front();
}

// The oldest lose theirs first.
void DetachedCommands::bound_kept_output() {
    static const std::size_t most_kept = most_kept_of_ended();
    std::size_t kept = 0;
    for (auto command = ended_.rbegin(); command != ended_.rend(); ++command) {
        kept += (*command)->kept_bytes();
        if (kept > most_kept) (*command)->drop_output();
    }
}

std::optional<std::int64_t> DetachedCommands::next_deadline() const {
    std::optional<std::int64_t> next;
    const auto consider = [&](std::optional<std::int64_t> due) {
        if (due && (!next || *due < *next)) next = due;
    };
    for (const auto &command : running_)
        consider(command->deadline());
    if (!ended_.empty()) consider(ended_.front()->program().ended_ns() + joinable_ns + 1);
    return next;
}

} // namespace boxlite
