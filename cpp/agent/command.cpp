#include "command.hpp"
#include "../common/io.hpp"
#include "clock.hpp"
#include <csignal>
#include <sys/epoll.h>
#include <sys/wait.h>

namespace boxlite {
namespace {

// Killed processes end at once, but for those that the kernel holds in a system call.
constexpr std::int64_t kill_patience_ns = 2'000 * ns_per_ms;

struct Streams {
    Pipe in;
    Pipe out;
    Pipe err;
};

Result<Streams> make_streams(bool with_input) {
    Streams streams;
    for (Pipe *pipe : {&streams.in, &streams.out, &streams.err}) {
        const bool is_input = pipe == &streams.in;
        if (is_input && !with_input) continue;
        auto made = make_pipe();
        if (!made) return made.failure();
        *pipe = std::move(made.value());
        const Fd &ours = is_input ? pipe->write : pipe->read;
        if (const Status set = set_nonblocking(ours.get()); !set) return set.failure();
    }
    return streams;
}

} // namespace

Result<std::unique_ptr<Call>> open_command(const Services &services, std::uint32_t stream, const Json &request) {
    auto parsed = parse_exec_request(request);
    if (!parsed) return parsed.failure();
    auto cgroup = services.cgroup_supply.next();
    if (!cgroup) return cgroup.failure();
    auto command = Command::start(services, stream, std::move(cgroup.value()), std::move(parsed.value()));
    if (!command) return command.failure();
    return std::unique_ptr<Call>(std::move(command.value()));
}

Command::Command(const Services &services, std::uint32_t stream, CommandCgroup cgroup, const ExecRequest &request)
    : Call(services, stream), id_(cgroup.id()), kill_signal_(request.kill_signal),
      kill_grace_ms_(request.kill_grace_ms), announce_(request.announce), cgroup_(std::move(cgroup)) {}

Command::~Command() {
    services_.cgroups.forget(cgroup_watch_);
    if (launch_) services_.poller.remove(launch_->status_fd());
}

Result<std::unique_ptr<Command>> Command::start(const Services &services, std::uint32_t stream, CommandCgroup cgroup,
                                                ExecRequest request) {
    std::unique_ptr<Command> command(new Command(services, stream, std::move(cgroup), request));
    if (const Status launched = command->connect_and_launch(std::move(request)); !launched) {
        command->cgroup_.kill_all();
        // The child may still run in our memory.
        if (command->launch_) ::waitpid(command->pid_, nullptr, __WALL);
        command->cgroup_.remove();
        return launched.failure();
    }
    return command;
}

Status Command::connect_and_launch(ExecRequest request) {
    const bool with_input = request.wants_stdin;
    auto made = make_streams(with_input);
    if (!made) return made.failure();
    Streams &streams = made.value();
    const int in = with_input ? streams.in.read.get() : services_.root.null.get();
    if (with_input) input_ = std::make_unique<Input>(std::move(streams.in.write));
    outputs_[0] = std::make_unique<Output>(std::move(streams.out.read), Channel::out);
    outputs_[1] = std::make_unique<Output>(std::move(streams.err.read), Channel::err);
    if (input_) {
        if (Status s = input_->watch(services_.poller); !s) return s;
    }
    for (const auto &output : outputs_) {
        if (Status s = output->watch(services_.poller); !s) return s;
    }
    started_ns_ = boot_clock_ns();
    auto launch = Launch::begin(std::move(request), services_.root.mount_namespace.get(), cgroup_.fd(),
                                {in, streams.out.write.get(), streams.err.write.get(), with_input});
    if (!launch) return launch.failure();
    launch_ = std::move(launch.value());
    pid_ = launch_->pid();
    return services_.poller.add(launch_->status_fd(), EPOLLIN, *this);
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
        return outputs_[1]->grant(bytes);
    case Channel::in:
        break;
    }
    return false;
}

Result<bool> Command::control(const Json &request) {
    const auto op = request.string("op");
    if (!op) return op.failure();
    if (op.value() != "kill" && op.value() != "end") {
        return Failure{"unsupported", "This agent has no control \"" + op.value() + "\" for a command"};
    }
    const auto signal = request.integer("signal", 1, last_signal);
    if (!signal) return signal.failure();
    if (op.value() == "kill") return cgroup_.signal_all(static_cast<int>(signal.value()));
    const auto grace_ms = request.integer("graceMs", 0, longest_grace_ms);
    if (!grace_ms) return grace_ms.failure();
    return end(static_cast<int>(signal.value()), grace_ms.value());
}

bool Command::end(int signal, std::int64_t grace_ms) {
    const std::int64_t due = boot_clock_ns() + grace_ms * ns_per_ms;
    if (!kill_at_ || due < *kill_at_) kill_at_ = due;
    if (!ending_) cgroup_watch_ = services_.cgroups.add(id_, cgroup_changed_);
    ending_ = true;
    return cgroup_.signal_all(signal);
}

void Command::close() {
    let_go_ = true;
    end(kill_signal_, kill_grace_ms_);
}

bool Command::reaped(pid_t pid, int wait_status) {
    if (pid != pid_ || wait_status_) return false;
    wait_status_ = wait_status;
    ended_ns_ = boot_clock_ns();
    launch_over_ = true;
    if (input_) input_->close();
    for (const auto &output : outputs_)
        output->command_ended();
    return true;
}

void Command::abandon() {
    if (cgroup_watch_ < 0) cgroup_watch_ = services_.cgroups.add(id_, cgroup_changed_);
    if (input_) input_->close();
    cgroup_.kill_all();
}

bool Command::step(std::int64_t now_ns) {
    if (launch_over_) settle_launch();
    if (input_) input_->take_turn(stream_, frames());
    if (kill_at_ && now_ns >= *kill_at_) {
        cgroup_.kill_all();
        kill_at_.reset();
        give_up_at_ = now_ns + kill_patience_ns;
    }
    if (give_up_at_ && now_ns >= *give_up_at_) {
        give_up_at_.reset();
        gave_up_ = true;
    }
    if (!wait_status_) return false;
    if (launch_) {
        send_error(frames(), stream_, launch_->failure());
        return true;
    }
    if (!outputs_ended() || !everything_ended()) return false;
    send_exit();
    return true;
}

// The child has its program now, or has given up; in that case its end says so.
void Command::settle_launch() {
    launch_over_ = false;
    if (!launch_ || launch_->failed()) return;
    services_.poller.remove(launch_->status_fd());
    launch_.reset();
    if (!announce_) return;
    append_control(frames(), Kind::started, stream_,
                   JsonWriter().member("id", id_).member("pid", pid_).text());
}

bool Command::outputs_ended() const {
    return let_go_ || (outputs_[0]->ended() && outputs_[1]->ended());
}

// A command that was asked to end is over when all of it is.
bool Command::everything_ended() {
    if (!ending_ || gave_up_) return true;
    if (!cgroup_changed_) return false;
    cgroup_changed_ = false;
    return !cgroup_.populated();
}

void Command::send_exit() {
    const CgroupUsage usage = cgroup_.usage();
    const int status = *wait_status_;
    JsonWriter exit;
    if (WIFEXITED(status))
        exit.member("exitCode", WEXITSTATUS(status)).member("signal", nullptr);
    else
        exit.member("exitCode", nullptr).member("signal", WTERMSIG(status));
    exit.member("oomKilled", usage.oom_killed)
        .member("durationMs", (ended_ns_ - started_ns_) / ns_per_ms)
        .member("cpuMs", usage.cpu_ms)
        .member("peakMemoryBytes", usage.peak_memory_bytes);
    append_control(frames(), Kind::exit, stream_, exit.text());
}

bool Command::move_output() {
    bool moved = false;
    // What a program wrote comes after the word that it was started.
    if (launch_) return moved;
    if (let_go_) return discard_output();
    for (const auto &output : outputs_)
        moved = output->take_turn(stream_, frames()) || moved;
    return moved;
}

bool Command::is_gone() {
    const bool due = cgroup_changed_ || !tended_ || cgroup_watch_ < 0;
    if (due && cgroup_.fd() >= 0) remove_cgroup();
    tended_ = true;
    return cgroup_.fd() < 0 && outputs_[0]->closed() && outputs_[1]->closed();
}

// Mostly it is empty by now, and there is nothing to watch.
void Command::remove_cgroup() {
    cgroup_changed_ = false;
    bool removed = cgroup_.remove();
    if (!removed && cgroup_watch_ < 0) {
        cgroup_watch_ = services_.cgroups.add(id_, cgroup_changed_);
        // It may have emptied before it was watched.
        removed = cgroup_.remove();
    }
    if (removed) cgroup_ = CommandCgroup();
}

bool Command::discard_output() {
    const bool first = outputs_[0]->discard_turn();
    return outputs_[1]->discard_turn() || first;
}

} // namespace boxlite
