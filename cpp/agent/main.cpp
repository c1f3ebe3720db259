#include "boot_document.hpp"
#include "box_root.hpp"
#include "cgroup.hpp"
#include "clock.hpp"
#include "disks.hpp"
#include "end.hpp"
#include "etc_files.hpp"
#include "host_link.hpp"
#include "machine.hpp"
#include "network.hpp"
#include "processors.hpp"
#include "serve.hpp"

// boxlite-agent: PID 1 of the guest.
using namespace boxlite;

namespace {

Result<BootDocument> receive_boot(HostLink &host) {
    if (const Status greeted = host.greet(); !greeted) return greeted.failure();
    const auto text = host.await_control(Kind::boot);
    if (!text) return text.failure();
    return parse_boot_document(text.value());
}

Status follow(const BootDocument &boot, const Disks &disks) {
    set_clock(boot.clock_ns);
    set_hostname(boot.hostname);
    if (boot.network) {
        if (Status raised = raise_network(); !raised) return raised;
    }
    return boot.grow_disk ? disks.grow() : success();
}

Result<std::optional<FlowOwners>> note_flows(const BootDocument &boot) {
    if (!boot.network) return std::optional<FlowOwners>();
    auto flows = FlowOwners::begin();
    if (!flows) return flows.failure();
    return std::optional(std::move(flows.value()));
}

} // namespace

int main() {
    const std::int64_t kernel_ns = boot_clock_ns();
    if (const Status s = prepare_machine(); !s) fail_machine(nullptr, s.failure());
    auto connected = HostLink::connect();
    if (!connected) fail_machine(nullptr, connected.failure());
    HostLink &host = connected.value();

    // While the boot document is on its way.
    const Status cgroups = prepare_cgroups();
    auto disks = Disks::mount();

    const auto boot = receive_boot(host);
    if (!boot) fail_machine(&host, boot.failure());
    if (!cgroups) fail_machine(&host, cgroups.failure());
    if (!disks) fail_machine(&host, disks.failure());
    if (const Status s = follow(boot.value(), disks.value()); !s) fail_machine(&host, s.failure());

    auto root = make_box_root();
    if (!root) fail_machine(&host, root.failure());
    write_etc_files(root.value().directory.get(), boot.value().hostname, boot.value().network);

    const auto flows = note_flows(boot.value());
    if (!flows) fail_machine(&host, flows.failure());
    if (const Status s = start_processors(); !s) fail_machine(&host, s.failure());
    const auto served = serve(host, root.value(), flows.value(), kernel_ns);
    if (!served) fail_machine(&host, served.failure());
    end_machine(host, disks.value(), std::move(root.value()), served.value());
}
