#include "vsock_room.hpp"
#include "clock.hpp"
#include <iterator>
#include <sys/socket.h>
// After sys/socket.h, whose sockaddr it needs.
#include <linux/vm_sockets.h>

namespace boxlite {
namespace {

// libkrun tells its own room each time that half of this came from us: no more than half of the 8 MiB that it has.
constexpr std::uint64_t room_bytes = 4u << 20;
constexpr std::uint64_t other_room_bytes = room_bytes + 4096;
constexpr std::size_t worth_telling = 1u << 20;
// After the last bytes of a bulk, in case the host was about to wait just then.
constexpr std::int64_t reminder_ns[] = {1'000 * ns_per_ms, 50 * ns_per_ms};

} // namespace

void VsockRoom::begin(int socket) {
    ::setsockopt(socket, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &other_room_bytes, sizeof other_room_bytes);
    tell(socket);
}

void VsockRoom::received(int socket, std::size_t bytes) {
    untold_ += bytes;
    if (untold_ >= worth_telling) {
        tell(socket);
        reminders_ = static_cast<int>(std::size(reminder_ns));
    }
    if (reminders_ > 0) last_ns_ = boot_clock_ns();
}

void VsockRoom::step(int socket, std::int64_t now_ns) {
    const auto due = deadline();
    if (!due || now_ns < *due) return;
    tell(socket);
    --reminders_;
}

std::optional<std::int64_t> VsockRoom::deadline() const {
    if (reminders_ == 0) return std::nullopt;
    return last_ns_ + reminder_ns[reminders_ - 1];
}

// The kernel sends an update when the room changes: vsock_update_buffer_size.
void VsockRoom::tell(int socket) {
    untold_ = 0;
    is_other_ = !is_other_;
    const std::uint64_t room = is_other_ ? other_room_bytes : room_bytes;
    ::setsockopt(socket, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &room, sizeof room);
}

} // namespace boxlite
