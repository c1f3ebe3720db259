#include "netd.hpp"
#include "../common/io.hpp"
#include "../common/log.hpp"
#include <csignal>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace boxlite {
namespace {

// The child's descriptors: 0 settings, 1 and 2 log, 3 control, 4 wire.
constexpr std::size_t longest_line = 1u << 20;
constexpr std::size_t most_unsent = 4u << 20;
constexpr std::int64_t largest_number = 1ll << 53;

} // namespace

Netd::Netd(EventLoop &loop, const ShimSettings &settings, NetworkOwner &owner)
    : loop_(loop), settings_(settings), owner_(owner), log_(settings.directory + "/netd.log") {}

Status Netd::start() {
    auto wire = make_socket_pair();
    if (!wire) return wire.failure();
    machine_end_ = std::move(wire.value().ours);
    own_end_ = std::move(wire.value().theirs);
    return launch();
}

Status Netd::launch() {
    auto input = make_pipe();
    if (!input) return input.failure();
    auto log = make_pipe();
    if (!log) return log.failure();
    auto control = make_socket_pair();
    if (!control) return control.failure();
    const int log_end = log.value().write.get();
    auto child = spawn(
        {settings_.programs.netd,
         {settings_.programs.netd, settings_.box_id},
         {input.value().read.get(), log_end, log_end, control.value().theirs.get(), own_end_.get()},
         false});
    if (!child) return child.failure();
    process_ = std::move(child.value());
    input.value().read.reset();
    // It reads them first of all; a death before that is told by the end of its control socket.
    [[maybe_unused]] const Status written = write_all(input.value().write.get(), settings_text());
    if (Status s = log_.follow(loop_, std::move(log.value().read)); !s) return s;
    control_ = std::move(control.value().ours);
    received_.clear();
    unsent_ = SendQueue();
    return loop_.watch(control_.get(), EPOLLIN, [this](std::uint32_t events) { take_events(events); });
}

std::string Netd::settings_text() const {
    JsonWriter json;
    json.member("version", 1).member("boxId", settings_.box_id).raw("network", *settings_.network);
    // One that was killed before it was ready has left nothing to take over.
    if (ready_) {
        JsonWriter restart;
        restart.raw("ports", ports_).raw("request", policy_.empty() ? "null" : policy_);
        json.member("restart", restart);
    }
    return json.text();
}

void Netd::take_events(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0 && unsent_.flush(control_.get()) && unsent_.size() == 0)
        loop_.change(control_.get(), EPOLLIN);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) take_lines();
}

void Netd::take_lines() {
    char buffer[16'384];
    for (;;) {
        const ssize_t count = ::recv(control_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            // The process's own end, which the reaper tells, says the rest.
            if (count == 0) let_go();
            return;
        }
        received_.append(buffer, static_cast<std::size_t>(count));
        for (std::size_t end = 0; (end = received_.find('\n')) != std::string::npos;) {
            const std::string line = received_.substr(0, end);
            received_.erase(0, end + 1);
            take_line(line);
            if (!control_) return;
        }
        if (received_.size() > longest_line) return fail({"boot-failed", "netd wrote a line without an end"});
    }
}

void Netd::take_line(std::string_view line) {
    const auto message = Json::parse(line);
    if (!message) return fail({"boot-failed", "netd's line: " + message.failure().message});
    const Json &json = message.value();
    if (const auto ready = json.find("ready")) {
        if (const auto ports = ready->find("ports")) ports_ = ports->text();
        ready_ = true;
    } else if (const auto error = json.find("error")) {
        const auto text = [&](std::string_view key) {
            const auto found = error->string(key);
            return found ? found.value() : std::string();
        };
        fail({text("code"), text("message"), text("hint")});
    } else if (const auto reply = json.find("reply")) {
        take_reply(json, *reply);
    } else if (json.has("denial")) {
        take_denial(json);
    } else if (const auto notice = json.find("notice")) {
        const auto client = json.integer("client", 1, largest_number);
        if (client) owner_.network_notices(static_cast<ClientId>(client.value()), notice->text());
    }
}

void Netd::take_denial(const Json &message) {
    const auto number = message.integer("denial", 1, largest_number);
    const auto flow = message.find("flow");
    const auto denied = message.find("denied");
    if (!number || !flow || !denied) return;
    last_denial_ = denials_before_ + static_cast<std::uint64_t>(number.value());
    owner_.network_denies(last_denial_, flow->text(), denied->text());
}

void Netd::traced(std::uint64_t number) {
    if (control_ && number > denials_before_) send(JsonWriter().member("traced", number - denials_before_).text());
}

void Netd::take_reply(const Json &message, const Json &reply) {
    const auto client = message.integer("client", 1, largest_number);
    if (!client) return;
    const auto id = static_cast<ClientId>(client.value());
    const auto number = reply.integer("n", 0, largest_number);
    // Only what was taken is what a restart begins with.
    if (id == asked_by_ && number && number.value() == asked_number_ && !reply.has("error"))
        policy_ = std::exchange(asked_policy_, "");
    if (number) std::erase(waiting_, std::pair{id, number.value()});
    owner_.network_replies(id, reply.text());
}

Status Netd::request(ClientId client, const Json &request) {
    if (!control_) return Failure{"box-state", "The box's network is gone: its process ended twice"};
    const auto number = request.integer("n", 0, largest_number);
    if (!number) return number.failure();
    if (request.has("policy")) {
        asked_policy_ = request.text();
        asked_by_ = client;
        asked_number_ = number.value();
    }
    waiting_.emplace_back(client, number.value());
    send(JsonWriter().member("client", std::uint64_t{client}).raw("request", request.text()).text());
    return success();
}

void Netd::client_is_gone(ClientId client) {
    std::erase_if(waiting_, [client](const auto &request) { return request.first == client; });
    if (control_) send(JsonWriter().member("gone", std::uint64_t{client}).text());
}

void Netd::send(const std::string &line) {
    unsent_.add(std::as_bytes(std::span(line)));
    unsent_.add(std::as_bytes(std::span("\n", 1)));
    // A peer that is gone is seen by reading.
    unsent_.flush(control_.get());
    if (unsent_.size() > most_unsent) return fail({"boot-failed", "netd does not read its requests"});
    loop_.change(control_.get(), unsent_.size() > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Netd::ended(int status) {
    process_.reset();
    log_.drain();
    if (ending_) return;
    const std::string how = WIFSIGNALED(status) ? "by signal " + std::to_string(WTERMSIG(status))
                                                : "with status " + std::to_string(WEXITSTATUS(status));
    log_line("netd ended %s", how.c_str());
    if (control_) take_lines();
    let_go();
    // One that ends by itself before it is ready said why: another one would say the same.
    const bool is_refusal = !ready_ && !WIFSIGNALED(status);
    if (!is_refusal && !restarted_) {
        restarted_ = true;
        denials_before_ = last_denial_;
        if (const Status again = launch(); again) {
            log_line("netd was started again: connections and forwards through it were cut");
            return;
        }
    }
    if (ready_) return owner_.network_lost();
    owner_.network_fails({"boot-failed", "The box's network process ended " + how,
                          "Look at netd.log in the box's directory."});
}

void Netd::fail(Failure why) {
    log_line("netd: %s", why.message.c_str());
    if (process_) process_->signal(SIGKILL);
    let_go();
    if (!ready_) owner_.network_fails(std::move(why));
}

void Netd::let_go() {
    if (!control_) return;
    loop_.forget(control_.get());
    control_.reset();
    // Nobody else will answer them.
    for (const auto &[client, number] : std::exchange(waiting_, {})) {
        owner_.network_refuses(client, number,
                               {"box-state", "The process of the box's network ended before it answered", "Ask again."});
    }
}

void Netd::end() {
    ending_ = true;
    let_go();
    if (!process_) return;
    process_->signal(SIGKILL);
    while (::waitpid(process_->pid, nullptr, 0) < 0 && errno == EINTR) {}
    process_.reset();
    log_.drain();
}

} // namespace boxlite
