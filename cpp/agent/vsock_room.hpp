#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

namespace boxlite {

// Tells the host how much room the vsock connection has. libkrun 1.19 learns it by credit updates alone, and the guest's
// kernel takes what it sent along with data for known: so the host runs out of credit though nothing is unread, asks,
// and may then miss the answer and never send again. We tell it before it has to ask, and once more when it is quiet.
class VsockRoom {
public:
    void begin(int socket);
    void received(int socket, std::size_t bytes);
    // What is due when nothing came for a while.
    void step(int socket, std::int64_t now_ns);
    std::optional<std::int64_t> deadline() const;

private:
    void tell(int socket);

    std::size_t untold_ = 0;
    bool is_other_ = true;
    int reminders_ = 0;
    std::int64_t last_ns_ = 0;
};

} // namespace boxlite
