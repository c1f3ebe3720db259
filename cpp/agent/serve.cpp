#include "serve.hpp"
#include "../common/io.hpp"
#include "cgroup_supply.hpp"
#include "clock.hpp"
#include "detached.hpp"
#include "server.hpp"
#include <cerrno>
#include <sys/epoll.h>
#include <sys/random.h>

namespace boxlite {
namespace {

// Ids of commands are never used again, also not after the next boot of the same disk.
std::string make_id_prefix() {
    constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::uint64_t number = static_cast<std::uint64_t>(boot_clock_ns());
    [[maybe_unused]] const ssize_t filled = ::getrandom(&number, sizeof number, GRND_NONBLOCK);
    std::string prefix = "c";
    for (int i = 0; i < 7; ++i, number /= digits.size())
        prefix += digits[number % digits.size()];
    return prefix + "-";
}

void say_hello(HostLink &host, std::int64_t kernel_ns) {
    std::vector<std::byte> times;
    append_u64(times, static_cast<std::uint64_t>(kernel_ns));
    append_u64(times, static_cast<std::uint64_t>(boot_clock_ns()));
    append_frame(host.frames(), Kind::hello, 0, times);
    host.flush();
}

} // namespace

Result<Served> serve(HostLink &host, const BoxRoot &root, const std::optional<FlowOwners> &flows,
                     std::int64_t kernel_ns) {
    const auto poller = Poller::create();
    if (!poller) return poller.failure();
    auto reaper = Reaper::create();
    if (!reaper) return reaper.failure();
    auto cgroups = CgroupWatch::create();
    if (!cgroups) return cgroups.failure();
    if (Status s = poller.value().add(host.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP, host); !s) return s.failure();
    if (Status s = poller.value().add(reaper.value().fd(), EPOLLIN, reaper.value()); !s) return s.failure();
    if (Status s = poller.value().add(cgroups.value().fd(), EPOLLIN, cgroups.value()); !s) return s.failure();

    say_hello(host, kernel_ns);
    CgroupSupply cgroup_supply(make_id_prefix());
    Programs programs;
    ProgramsByCgroup programs_by_cgroup;
    DetachedCommands detached;
    const Services services{poller.value(), host, cgroups.value(), cgroup_supply, programs, programs_by_cgroup,
                            detached, root};
    Server server(services, reaper.value(), flows);
    return server.run();
}

} // namespace boxlite
