#include "end.hpp"
#include "console.hpp"
#include <sys/reboot.h>
#include <unistd.h>

namespace boxlite {
namespace {

constexpr std::size_t longest_text = 4096;

[[noreturn]] void reboot_machine() {
    ::sync();
    // Power-off hangs on machines without ACPI; both engines end the machine at a reboot.
    ::reboot(RB_AUTOBOOT);
    for (;;)
        ::pause();
}

void append_fail(HostLink &host, std::string_view text) {
    append_frame(host.frames(), Kind::fail, 0, std::as_bytes(std::span(text.substr(0, longest_text))));
}

void append_bye(HostLink &host, bool killed) {
    const std::byte word{static_cast<unsigned char>(killed ? 1 : 0)};
    append_frame(host.frames(), Kind::bye, 0, std::span(&word, 1));
}

} // namespace

void end_machine(HostLink &host, Disks &disks, BoxRoot root, const Served &served) {
    // The namespace is the last thing that holds the box's mounts.
    root = BoxRoot{};
    if (const Status released = disks.release(); !released) console_line("%s", released.failure().message.c_str());
    switch (served.how) {
    case Served::How::shut_down:
        append_bye(host, served.killed);
        break;
    case Served::How::guest:
        console_line("the guest asked for the end of the machine");
        break;
    case Served::How::host_lost:
        console_line("the host's side of the channel is gone");
        break;
    case Served::How::protocol:
        console_line("%s", served.why.c_str());
        append_fail(host, served.why);
        break;
    }
    host.finish();
    reboot_machine();
}

void fail_machine(HostLink *host, const Failure &why) {
    console_line("%s", why.message.c_str());
    if (host != nullptr) {
        append_fail(*host, why.message);
        host->finish();
    }
    reboot_machine();
}

} // namespace boxlite
