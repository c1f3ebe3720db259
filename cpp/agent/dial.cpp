#include "dial.hpp"
#include "../common/io.hpp"
#include "clock.hpp"
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/socket.h>
// After sys/socket.h, whose sockaddr it needs.
#include <linux/vm_sockets.h>

namespace boxlite {
namespace {

constexpr unsigned agent_port = 1024;
constexpr const char *port_name = "agent.0\n";
constexpr const char *ports_directory = "/sys/class/virtio-ports";
constexpr std::int64_t patience_ns = 5'000 * ns_per_ms;
constexpr timespec retry{0, 2'000'000};

Fd open_port() {
    const std::unique_ptr<DIR, int (*)(DIR *)> ports(::opendir(ports_directory), ::closedir);
    if (!ports) return Fd();
    while (const dirent *entry = ::readdir(ports.get())) {
        const std::string device = entry->d_name;
        const auto name = read_file(std::string(ports_directory) + "/" + device + "/name", 256);
        if (!name || name.value() != port_name) continue;
        return Fd(::open(("/dev/" + device).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    }
    return Fd();
}

Fd connect_vsock() {
    Fd socket(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_vm address{};
    address.svm_family = AF_VSOCK;
    address.svm_cid = VMADDR_CID_HOST;
    address.svm_port = agent_port;
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return Fd();
    if (!set_nonblocking(socket.get())) return Fd();
    return socket;
}

} // namespace

Result<Dialled> dial_host() {
    const std::int64_t deadline = boot_clock_ns() + patience_ns;
    for (;;) {
        if (Fd port = open_port()) return Dialled{std::move(port), false};
        if (Fd socket = connect_vsock()) return Dialled{std::move(socket), true};
        const int error = errno;
        if (boot_clock_ns() > deadline)
            return failure_from_errno("reach the shim over vsock or the port agent.0", error);
        ::nanosleep(&retry, nullptr);
    }
}

} // namespace boxlite
