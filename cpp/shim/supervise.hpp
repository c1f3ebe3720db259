#pragma once
#include "answer.hpp"
#include "broker.hpp"
#include "capture.hpp"
#include "cgroup.hpp"
#include "engine.hpp"
#include "event_loop.hpp"
#include "exit_record.hpp"
#include "hygiene.hpp"
#include "netd.hpp"
#include "network_news.hpp"
#include "owner.hpp"
#include "settings.hpp"
#include "stop_clock.hpp"
#include <optional>

namespace boxlite {

// Owns one run of a box: its machine, its connections, its stop clock, and the facts of its end.
class Supervisor final : public BoxOwner, public NetworkOwner {
public:
    Supervisor(EventLoop &loop, const ShimSettings &settings);

    // Listens to SIGTERM, SIGCHLD and the lifeline.
    Status attend(const std::optional<Fd> &lifeline);
    // Starts the machine and waits until its agent serves.
    Status boot(const std::vector<Fd> &disks, double began_ms);
    const ReadyTimes &times() const { return times_; }
    // The published ports, a JSON array.
    std::string ports() const { return netd_ ? netd_->ports() : "[]"; }
    int machine_pid() const { return machine_ ? machine_->process.pid : -1; }
    // Opens box.sock.
    Status open_to_clients();
    // Carries on until the machine has ended.
    void run();
    // After a boot that failed: kills what runs.
    void abandon();
    // Writes exit.json; nothing when no machine was ever started.
    void record_exit();
    // Removes the sockets, sends the clients what is left for them, cuts them, and kills what is left of the box.
    void let_go();
    std::string console_tail() const;

    void agent_serves(double agent_ms) override;
    void agent_cannot_serve(std::string_view why) override;
    void agent_says_bye(std::uint8_t word) override;
    void agent_lost(const Failure &why) override;
    void agent_traced(std::uint64_t number) override;
    std::string denial(std::uint64_t number) const override { return news_.denial(number); }
    void client_asks_stop(std::uint32_t grace_ms, bool force) override;
    Status client_requests(ClientId client, std::string_view request) override;
    void client_lost(ClientId client) override;
    void network_fails(Failure why) override { fail_boot(std::move(why)); }
    void network_replies(ClientId client, std::string_view reply) override {
        broker_.tell_client(client, Kind::reply, reply);
    }
    void network_refuses(ClientId client, std::int64_t number, const Failure &why) override;
    void network_denies(std::uint64_t number, std::string_view flow, std::string_view denied) override;
    void network_notices(ClientId client, std::string_view notice) override;
    void network_lost() override { news_.lost(); }

private:
    Status start_network();
    Status adopt_machine(Machine machine);
    void accept_agent();
    void hear_console();
    void take_signals();
    void reap_children();
    void machine_ended(int status);
    void stop(Ender asked_by, std::uint32_t grace_ms, bool force);
    void take_stop_step();
    void fail_boot(Failure why);
    Failure why_ended() const;
    void turn(std::optional<double> deadline_ms);

    EventLoop &loop_;
    const ShimSettings &settings_;
    const Engine &engine_;
    Cgroup cgroup_;
    Broker broker_;
    NetworkNews news_;
    Capture console_;
    Capture log_;
    StopClock clock_;
    ExitFacts facts_;
    ReadyTimes times_{};
    Fd signals_;
    Fd agent_listener_;
    std::optional<Netd> netd_;
    std::optional<Machine> machine_;
    std::optional<Failure> boot_failure_;
    double spawned_ms_ = 0;
    bool serving_ = false;
    bool ended_ = false;
    bool given_up_ = false;
};

} // namespace boxlite
