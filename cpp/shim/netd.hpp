#pragma once
#include "../common/fd.hpp"
#include "../common/json.hpp"
#include "../common/result.hpp"
#include "capture.hpp"
#include "event_loop.hpp"
#include "link.hpp"
#include "settings.hpp"
#include "spawn.hpp"
#include "stream_table.hpp"
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace boxlite {

// What the network's process tells the owner of the box. Texts are JSON objects.
class NetworkOwner {
public:
    virtual void network_fails(Failure why) = 0;
    virtual void network_replies(ClientId client, std::string_view reply) = 0;
    // To the client's request of that number.
    virtual void network_refuses(ClientId client, std::int64_t number, const Failure &why) = 0;
    // Was told to nobody yet, and waits until it is known whose it was: `flow` says how the guest knows it.
    virtual void network_denies(std::uint64_t number, std::string_view flow, std::string_view denied) = 0;
    virtual void network_notices(ClientId client, std::string_view notice) = 0;
    // Its process ended for good, and the box goes on.
    virtual void network_lost() = 0;

protected:
    ~NetworkOwner() = default;
};

// The box's boxlite-netd: started with the box, started anew once if it dies. Both ends of the wire between it and the
// machine are made here, and netd's end is kept, so that a death of netd leaves the machine's device connected.
class Netd {
public:
    Netd(EventLoop &loop, const ShimSettings &settings, NetworkOwner &owner);

    Status start();
    // Once its ports are open.
    bool ready() const { return ready_; }
    // The published ports as it reported them, a JSON array.
    const std::string &ports() const { return ports_; }
    // The machine's end of the wire; to be let go of once the machine has it.
    int machine_end() const { return machine_end_.get(); }
    void machine_has_its_end() { machine_end_.reset(); }

    bool is(pid_t pid) const { return process_ && process_->pid == pid; }
    // After it was reaped.
    void ended(int status);
    // A request of a client, as JSON. A failure says why it could not be passed on.
    Status request(ClientId client, const Json &request);
    void client_is_gone(ClientId client);
    // It was looked whose the denial was.
    void traced(std::uint64_t number);
    // Kills it and waits until its ports are free.
    void end();

private:
    Status launch();
    std::string settings_text() const;
    void take_events(std::uint32_t events);
    void take_lines();
    void take_line(std::string_view line);
    void take_denial(const Json &message);
    void take_reply(const Json &message, const Json &reply);
    void send(const std::string &line);
    void let_go();
    void fail(Failure why);

    EventLoop &loop_;
    const ShimSettings &settings_;
    NetworkOwner &owner_;
    Capture log_;
    Fd machine_end_;
    Fd own_end_;
    Fd control_;
    std::string received_;
    SendQueue unsent_;
    std::optional<Child> process_;
    // Requests without a reply yet, by their clients and numbers.
    std::vector<std::pair<ClientId, std::int64_t>> waiting_;
    std::string ports_ = "[]";
    // The request that set a policy last, for the next one.
    std::string policy_;
    std::string asked_policy_;
    ClientId asked_by_ = 0;
    std::int64_t asked_number_ = 0;
    // Numbers of denials go on after a restart.
    std::uint64_t last_denial_ = 0;
    std::uint64_t denials_before_ = 0;
    bool ready_ = false;
    bool restarted_ = false;
    bool ending_ = false;
};

} // namespace boxlite
