#include "supervise.hpp"
#include "../common/io.hpp"
#include "../common/log.hpp"
#include "../common/socket.hpp"
#include "memory_death.hpp"
#include <csignal>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

namespace boxlite {
namespace {

// For a stop that names no grace: SIGTERM to the shim, and the lifeline.
constexpr std::uint32_t own_grace_ms = 10'000;
constexpr double end_after_bye_ms = 3'000;
constexpr double end_after_agent_ms = 2'000;
constexpr double linger_ms = 500;
constexpr std::size_t tail_bytes = 4096;

} // namespace

Supervisor::Supervisor(EventLoop &loop, const ShimSettings &settings)
    : loop_(loop), settings_(settings), engine_(engine_of(settings.engine)), cgroup_(settings.cgroup),
      broker_(loop, settings.nonce, *this), news_(broker_), console_(settings.directory + "/console.log"),
      log_(settings.directory + "/vmm.log") {
    facts_.booting = true;
    if (!cgroup_.holds_us()) log_line("this shim is not in its cgroup %s", settings.cgroup->c_str());
}

Status Supervisor::attend(const std::optional<Fd> &lifeline) {
    auto signals = open_signals();
    if (!signals) return signals.failure();
    signals_ = std::move(signals.value());
    if (Status watched = loop_.watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { take_signals(); }); !watched)
        return watched;
    if (!lifeline) return success();
    // Nobody writes on it: any event is its other end's close.
    const int fd = lifeline->get();
    return loop_.watch(fd, EPOLLIN, [this, fd](std::uint32_t) {
        loop_.forget(fd);
        stop(Ender::lifeline, own_grace_ms, false);
    });
}

Status Supervisor::boot(const std::vector<Fd> &disks, double began_ms) {
    if (Status s = start_network(); !s) return s;
    auto machine = engine_.start(settings_, disks, netd_ ? netd_->machine_end() : -1);
    if (!machine) return machine.failure();
    if (netd_) netd_->machine_has_its_end();
    spawned_ms_ = now_ms();
    times_.vmm_ms = spawned_ms_ - began_ms;
    if (Status adopted = adopt_machine(std::move(machine.value())); !adopted) return adopted;
    const double deadline = spawned_ms_ + settings_.boot_timeout_ms;
    while ((!serving_ || (netd_ && !netd_->ready())) && !boot_failure_) {
        if (now_ms() >= deadline) {
            fail_boot({"boot-timeout",
                       "The guest did not say hello within " +
                           std::to_string(static_cast<std::int64_t>(settings_.boot_timeout_ms)) + " ms",
                       "Look at the console's last lines, or raise bootTimeoutMs."});
            break;
        }
        turn(deadline);
    }
    if (boot_failure_) return *boot_failure_;
    return success();
}

// While it opens its ports, the machine boots.
Status Supervisor::start_network() {
    if (!settings_.network) return success();
    netd_.emplace(loop_, settings_, *this);
    return netd_->start();
}

Status Supervisor::adopt_machine(Machine machine) {
    machine_ = std::move(machine);
    if (Status s = console_.follow(loop_, std::move(machine_->console), [this] { hear_console(); }); !s) return s;
    if (Status s = log_.follow(loop_, std::move(machine_->log)); !s) return s;
    if (!machine_->agent_connects) return broker_.agent().connect(std::move(machine_->agent), settings_.boot);
    agent_listener_ = std::move(machine_->agent);
    return loop_.watch(agent_listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_agent(); });
}

// A machine whose kernel has halted never ends by itself.
void Supervisor::hear_console() {
    if (facts_.halted || !tells_halt(console_.tail())) return;
    facts_.halted = true;
    clock_.expect_end(now_ms(), 0);
}

// One connection, from our own machine, is the agent's; the door is shut behind it.
void Supervisor::accept_agent() {
    auto stream = accept_one(agent_listener_.get());
    if (!stream) return fail_boot(stream.failure());
    if (!stream.value()) return;
    if (peer_pid(stream.value().get()) != machine_->process.pid) {
        log_line("a connection to the agent's socket is not from the machine: closed");
        return;
    }
    loop_.forget(agent_listener_.get());
    agent_listener_.reset();
    ::unlink(settings_.agent_socket.c_str());
    if (const Status connected = broker_.agent().connect(std::move(stream.value()), settings_.boot); !connected) {
        fail_boot(connected.failure());
    }
}

Status Supervisor::open_to_clients() {
    auto listener = listen_at(settings_.box_socket);
    if (!listener) return listener.failure();
    if (Status served = broker_.serve(std::move(listener.value())); !served) return served;
    facts_.booting = false;
    return success();
}

void Supervisor::run() {
    while (!ended_ && !given_up_)
        turn(std::nullopt);
}

void Supervisor::abandon() {
    if (!machine_) return;
    clock_.force(now_ms());
    run();
}

void Supervisor::turn(std::optional<double> deadline_ms) {
    if (clock_.next() && (!deadline_ms || *clock_.next() < *deadline_ms)) deadline_ms = clock_.next();
    loop_.turn(deadline_ms);
    take_stop_step();
}

void Supervisor::record_exit() {
    if (!machine_) return;
    // The status is then that of our own signal.
    if (facts_.halted) facts_.code = facts_.signal = std::nullopt;
    facts_.panic = console_.tail().contains("Kernel panic");
    facts_.oom_kill = cgroup_.oom_killed() || (facts_.signal == SIGKILL && !facts_.cut_off &&
                                               log_tells_oom_kill(machine_pid(), spawned_ms_));
    const Status written = write_exit_record(settings_.directory, facts_, console_tail(), news_.unkept());
    if (!written) log_line("the exit record is lost: %s", written.failure().message.c_str());
    log_line("the box ended: %s", exit_reason_name(decide_exit(facts_)));
}

void Supervisor::let_go() {
    broker_.stop_accepting();
    ::unlink(settings_.box_socket.c_str());
    ::unlink(settings_.agent_socket.c_str());
    const double until = now_ms() + linger_ms;
    while (!broker_.all_sent() && now_ms() < until)
        loop_.turn(until);
    broker_.cut_clients();
    if (netd_) netd_->end();
    cgroup_.kill_others();
}

std::string Supervisor::console_tail() const {
    return console_.tail().last(tail_bytes);
}

void Supervisor::agent_serves(double agent_ms) {
    serving_ = true;
    times_.agent_ms = agent_ms;
    times_.kernel_ms = now_ms() - spawned_ms_ - agent_ms;
}

void Supervisor::agent_cannot_serve(std::string_view why) {
    log_line("the agent cannot serve: %.*s", static_cast<int>(why.size()), why.data());
    fail_boot({"boot-failed", "The guest cannot serve: " + std::string(why), "Look at the console's last lines."});
}

void Supervisor::agent_says_bye(std::uint8_t word) {
    facts_.bye = word;
    clock_.expect_end(now_ms(), end_after_bye_ms);
}

void Supervisor::agent_lost(const Failure &why) {
    if (facts_.bye || ended_) return;
    log_line("the agent is lost: %s", why.message.c_str());
    // A channel that only ended is explained best by the end of the machine that follows.
    if (why.code == "protocol") fail_boot({"boot-failed", "The guest's agent is not ours: " + why.message});
    clock_.expect_end(now_ms(), end_after_agent_ms);
}

void Supervisor::client_asks_stop(std::uint32_t grace_ms, bool force) {
    stop(Ender::request, grace_ms, force);
}

Status Supervisor::client_requests(ClientId client, std::string_view request) {
    const auto json = Json::parse(request);
    if (!json) return Failure{"protocol", "Malformed frame: a request that is no JSON"};
    const auto number = json.value().integer("n", 0, 1ll << 53);
    const std::int64_t n = number ? number.value() : 0;
    if (const auto op = json.value().string("op"); op && op.value() == "keep") {
        network_replies(client, JsonWriter().member("n", n).member("value", true).text());
        news_.add_keeper(client);
        return success();
    }
    const Status passed =
        netd_ ? netd_->request(client, json.value()) : Status(Failure{"box-state", "The box has no network device"});
    if (!passed) network_refuses(client, n, passed.failure());
    return success();
}

void Supervisor::network_refuses(ClientId client, std::int64_t number, const Failure &why) {
    JsonWriter error;
    error.member("code", why.code).member("message", why.message);
    network_replies(client, JsonWriter().member("n", number).member("value", false).member("error", error).text());
}

void Supervisor::client_lost(ClientId client) {
    news_.client_is_gone(client);
    if (netd_) netd_->client_is_gone(client);
}

void Supervisor::network_denies(std::uint64_t number, std::string_view flow, std::string_view denied) {
    news_.denied(number, denied);
    AgentSide &agent = broker_.agent();
    // One that does not read holds up nobody.
    if (!serving_ || agent.unsent() > Broker::most_unsent_to_agent) return agent_traced(number);
    agent.send_control(Kind::trace, 0, JsonWriter().member("n", number).raw("flow", flow).text());
    agent.settle();
}

void Supervisor::agent_traced(std::uint64_t number) {
    if (netd_) netd_->traced(number);
}

void Supervisor::network_notices(ClientId client, std::string_view notice) {
    broker_.tell_client(client, Kind::notice, notice);
}

void Supervisor::stop(Ender asked_by, std::uint32_t grace_ms, bool force) {
    if (facts_.asked_by == Ender::nobody) facts_.asked_by = asked_by;
    if (!serving_) return fail_boot({"aborted", "The boot was given up: the box was asked to end"});
    if (force) return clock_.force(now_ms());
    if (clock_.ask(now_ms(), grace_ms)) broker_.agent().shut_down(grace_ms);
}

void Supervisor::take_stop_step() {
    const StopStep step = clock_.due(now_ms());
    if (step == StopStep::none || ended_) return;
    facts_.cut_off = true;
    if (step == StopStep::terminate) machine_->process.signal(SIGTERM);
    if (step == StopStep::kill) machine_->process.signal(SIGKILL);
    if (step == StopStep::give_up) {
        log_line("the machine does not end on SIGKILL");
        given_up_ = true;
    }
}

void Supervisor::take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGTERM) stop(Ender::request, own_grace_ms, false);
        if (info.ssi_signo == SIGCHLD) reap_children();
    }
}

// All of them: a subreaper is given what its children leave behind.
void Supervisor::reap_children() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == machine_pid()) machine_ended(status);
        if (netd_ && netd_->is(pid)) netd_->ended(status);
    }
}

void Supervisor::machine_ended(int status) {
    // Its last words first: they may be a bye.
    broker_.agent().drain();
    console_.drain();
    log_.drain();
    ended_ = true;
    if (WIFEXITED(status)) facts_.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) facts_.signal = WTERMSIG(status);
    if (!serving_) fail_boot(why_ended());
}

void Supervisor::fail_boot(Failure why) {
    if (!boot_failure_ && facts_.booting) boot_failure_ = std::move(why);
}

Failure Supervisor::why_ended() const {
    if (facts_.code) {
        if (const auto known = engine_.explain(*facts_.code, log_.tail())) return *known;
    }
    const std::string how = facts_.code ? "with status " + std::to_string(*facts_.code)
                                        : "by signal " + std::to_string(facts_.signal.value_or(0));
    const std::string said = log_.tail().last_line();
    const std::string panic = console_.tail().contains("Kernel panic") ? ", after a kernel panic" : "";
    return {"boot-failed",
            "The machine ended " + how + " before its agent said hello" + panic + (said.empty() ? "" : ": " + said),
            "Look at the console's last lines, and at vmm.log in the box's directory."};
}

} // namespace boxlite
