#include "program.hpp"
#include "clock.hpp"
#include <csignal>
#include <sys/epoll.h>
#include <sys/wait.h>

namespace boxlite {
namespace {

// Killed processes end at once, but for those that the kernel holds in a system call.
constexpr std::int64_t kill_patience_ns = 2'000 * ns_per_ms;
constexpr std::size_t most_denials = 1'000;

} // namespace

Program::Program(const Services &services, CommandCgroup cgroup, const ExecRequest &request)
    : services_(services), id_(cgroup.id()), name_(request.name), argv_(request.argv),
      kill_signal_(request.kill_signal), kill_grace_ms_(request.kill_grace_ms), cgroup_(std::move(cgroup)),
      cgroup_kernel_id_(cgroup_.kernel_id()) {
    services_.programs_by_cgroup[cgroup_kernel_id_] = this;
}

Program::~Program() {
    services_.programs_by_cgroup.erase(cgroup_kernel_id_);
    services_.cgroups.forget(cgroup_watch_);
    if (launch_) services_.poller.remove(launch_->status_fd());
}

Result<std::unique_ptr<Program>> Program::start(const Services &services, ExecRequest request,
                                                const LaunchStreams &streams) {
    auto cgroup = services.cgroup_supply.next();
    if (!cgroup) return cgroup.failure();
    std::unique_ptr<Program> program(new Program(services, std::move(cgroup.value()), request));
    if (const Status launched = program->launch(std::move(request), streams); !launched) {
        program->cgroup_.kill_all();
        // The child may still run in our memory.
        if (program->launch_) ::waitpid(program->pid_, nullptr, __WALL);
        program->cgroup_.remove();
        return launched.failure();
    }
    return program;
}

Status Program::launch(ExecRequest request, const LaunchStreams &streams) {
    if (const Status limited = cgroup_.limit(request.limits); !limited) return limited;
    started_ns_ = boot_clock_ns();
    started_at_ms_ = wall_clock_ms();
    if (request.life_ms) end_at_ = started_ns_ + *request.life_ms * ns_per_ms;
    auto launch =
        Launch::begin(std::move(request), services_.root.mount_namespace.get(), cgroup_.fd(), streams);
    if (!launch) return launch.failure();
    launch_ = std::move(launch.value());
    pid_ = launch_->pid();
    return services_.poller.add(launch_->status_fd(), EPOLLIN, *this);
}

void Program::note_denial(std::uint64_t number) {
    if (denials_.size() < most_denials) denials_.push_back(number);
}

void Program::tell_denials(std::uint32_t stream, std::size_t &told) const {
    for (; told < denials_.size(); ++told) {
        std::vector<std::byte> number;
        append_u64(number, denials_[told]);
        append_frame(services_.host.frames(), Kind::made, stream, number);
    }
}

Result<bool> Program::control(const std::string &op, const Json &request) {
    if (op != "kill" && op != "end") {
        return Failure{"unsupported", "This agent has no control \"" + op + "\" for a command"};
    }
    const auto signal = request.integer("signal", 1, last_signal);
    if (!signal) return signal.failure();
    if (op == "kill") return cgroup_.signal_all(static_cast<int>(signal.value()));
    const auto grace_ms = request.integer("graceMs", 0, longest_grace_ms);
    if (!grace_ms) return grace_ms.failure();
    return end(static_cast<int>(signal.value()), grace_ms.value());
}

bool Program::end(int signal, std::int64_t grace_ms) {
    const std::int64_t due = boot_clock_ns() + grace_ms * ns_per_ms;
    if (!kill_at_ || due < *kill_at_) kill_at_ = due;
    if (!ending_) cgroup_watch_ = services_.cgroups.add(id_, cgroup_changed_);
    ending_ = true;
    return cgroup_.signal_all(signal);
}

void Program::kill_now() {
    if (cgroup_watch_ < 0) cgroup_watch_ = services_.cgroups.add(id_, cgroup_changed_);
    cgroup_.kill_all();
}

bool Program::reaped(pid_t pid, int wait_status) {
    if (pid != pid_ || wait_status_) return false;
    wait_status_ = wait_status;
    ended_ns_ = boot_clock_ns();
    launch_over_ = true;
    return true;
}

void Program::step(std::int64_t now_ns) {
    if (launch_over_) settle_launch();
    if (end_at_ && (ended() || now_ns >= *end_at_)) {
        end_at_.reset();
        if (!ended()) let_go();
    }
    if (kill_at_ && now_ns >= *kill_at_) {
        cgroup_.kill_all();
        kill_at_.reset();
        give_up_at_ = now_ns + kill_patience_ns;
    }
    if (give_up_at_ && now_ns >= *give_up_at_) {
        give_up_at_.reset();
        gave_up_ = true;
    }
}

// The child has its program now, or has given up; in that case its end says so.
void Program::settle_launch() {
    launch_over_ = false;
    if (!launch_ || launch_->failed()) return;
    services_.poller.remove(launch_->status_fd());
    launch_.reset();
}

bool Program::nothing_awaited() {
    if (!ending_ || gave_up_) return true;
    if (!cgroup_changed_) return false;
    cgroup_changed_ = false;
    return !cgroup_.populated();
}

std::string Program::exit_text() const {
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
    return exit.text();
}

JsonWriter Program::described() const {
    JsonWriter description = started();
    description.member("command", argv_).member("startedAtMs", started_at_ms_).member("running", !ended());
    if (!name_.empty()) description.member("name", name_);
    return description;
}

bool Program::is_gone() {
    const bool due = cgroup_changed_ || !tended_ || cgroup_watch_ < 0;
    if (due && cgroup_.fd() >= 0) remove_cgroup();
    tended_ = true;
    return cgroup_.fd() < 0;
}

// Mostly it is empty by now, and there is nothing to watch.
void Program::remove_cgroup() {
    cgroup_changed_ = false;
    bool removed = cgroup_.remove();
    if (!removed && cgroup_watch_ < 0) {
        cgroup_watch_ = services_.cgroups.add(id_, cgroup_changed_);
        // It may have emptied before it was watched.
        removed = cgroup_.remove();
    }
    if (removed) cgroup_ = CommandCgroup();
}

} // namespace boxlite
