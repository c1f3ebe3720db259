#pragma once
#include "../common/fd.hpp"
#include "call.hpp"
#include "http_status.hpp"
#include <string>

namespace boxlite {

// What a port of the guest is waited for with: docs/protocol.md, `open` with op wait-port.
struct PortRequest {
    std::uint16_t port = 0;
    // Without it an accepted connection is enough.
    std::string path;
    // Absent: any from 200 to 399.
    std::optional<std::int64_t> status;
    std::int64_t timeout_ms = 0;
};
Result<PortRequest> parse_port_request(const Json &request);

// Connects to a port, 127.0.0.1 first and then ::1, again and again until somebody answers there.
class PortWait final : public Call, public EventSource {
public:
    PortWait(const Services &services, std::uint32_t stream, PortRequest request);

    void note(std::uint32_t) override { ready_ = true; }
    bool receive_input(const Frame &frame) override { return frame.payload.empty(); }
    bool grant(const Frame &) override { return true; }
    Result<bool> control(const Json &request) override;
    void close() override { let_go_ = true; }
    void abandon() override {}
    bool step(std::int64_t now_ns) override;
    bool move_output() override { return false; }
    std::optional<std::int64_t> deadline() const override;

private:
    void begin_attempt(std::int64_t now_ns);
    void go_on();
    void take_connection();
    void read_answer();
    void fail_attempt(std::string found);

    PortRequest request_;
    std::int64_t give_up_at_;
    std::size_t address_ = 0;
    std::unique_ptr<WatchedFd> socket_;
    bool connected_ = false;
    bool ready_ = false;
    HttpStatus answer_;
    std::int64_t attempt_until_ = 0;
    std::int64_t retry_at_ = 0;
    std::string found_; // by the last attempt that failed
    bool answered_ = false;
    bool let_go_ = false;
};

Result<std::unique_ptr<Call>> open_port_wait(const Services &services, std::uint32_t stream, const Json &request);

} // namespace boxlite
