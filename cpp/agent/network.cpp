#include "network.hpp"
#include "../common/fd.hpp"
#include "../common/io.hpp"
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace boxlite {
namespace {

constexpr const char *device = "eth0";
constexpr const char *netmask = "255.255.255.0";
// The largest that the machine's receive buffers hold.
constexpr int mtu = 65520;

sockaddr address_of(const char *text) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, text, &address.sin_addr);
    sockaddr result;
    static_assert(sizeof result == sizeof address);
    std::memcpy(&result, &address, sizeof result);
    return result;
}

ifreq request_of_device() {
    ifreq request{};
    std::strcpy(request.ifr_name, device);
    return request;
}

Status set(int socket, unsigned long what, ifreq &request, const char *attempted) {
    if (::ioctl(socket, what, &request) == 0) return success();
    return failure_from_errno(std::string(attempted) + " of " + device, errno);
}

Status set_device(int socket) {
    ifreq request = request_of_device();
    request.ifr_mtu = mtu;
    if (Status s = set(socket, SIOCSIFMTU, request, "set the MTU"); !s) return s;
    request.ifr_addr = address_of(guest_address);
    if (Status s = set(socket, SIOCSIFADDR, request, "set the address"); !s) return s;
    request.ifr_netmask = address_of(netmask);
    if (Status s = set(socket, SIOCSIFNETMASK, request, "set the netmask"); !s) return s;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return set(socket, SIOCSIFFLAGS, request, "set the flags");
}

Status set_route(int socket) {
    rtentry route{};
    route.rt_dst = address_of("0.0.0.0");
    route.rt_genmask = address_of("0.0.0.0");
    route.rt_gateway = address_of(gateway_address);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    if (::ioctl(socket, SIOCADDRT, &route) == 0) return success();
    return failure_from_errno("set the default route", errno);
}

// Before the device is up: no address is ever made for it.
void leave_ipv6_off() {
    const Fd file(::open("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", O_WRONLY | O_CLOEXEC));
    if (file) [[maybe_unused]]
        const Status ignored = write_all(file.get(), "1");
}

} // namespace

Status raise_network() {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return failure_from_errno("open a socket for the network", errno);
    leave_ipv6_off();
    if (Status s = set_device(socket.get()); !s) return s;
    return set_route(socket.get());
}

} // namespace boxlite
