#include "boot.hpp"
#include "../common/io.hpp"
#include <cerrno>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

namespace boxlite {
namespace {

constexpr std::uint32_t agent_port = 1024;
constexpr std::uint32_t log_level_warn = 2;
constexpr std::uint32_t log_style_never = 2;
constexpr std::uint32_t log_option_no_env = 1;
constexpr std::uint32_t format_raw = 0;
constexpr std::uint32_t sync_relaxed = 1;
constexpr std::uint32_t no_tsi = 0;
// VIRTIO_NET_F_CSUM, GUEST_CSUM, GUEST_TSO4 and HOST_TSO4.
constexpr std::uint32_t net_features = 1u << 0 | 1u << 1 | 1u << 7 | 1u << 11;
// That of cpp/shim/engine_qemu.cpp.
constexpr std::uint8_t guest_mac[6] = {0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xee};

std::string fd_path(const MachinePaths &paths, int fd) {
    return paths.descriptors + "/" + std::to_string(fd);
}

Status check(std::int32_t answer, const char *call) {
    return answer < 0 ? Status(failure_from_errno(call, -answer)) : success();
}

Status add_agent_port(const KrunApi &krun, std::uint32_t ctx, const MachinePaths &paths) {
    // The implicit vsock would give the guest the host's network.
    if (Status s = check(krun.disable_implicit_vsock(ctx), "krun_disable_implicit_vsock"); !s) return s;
    if (Status s = check(krun.add_vsock(ctx, no_tsi), "krun_add_vsock"); !s) return s;
    return check(krun.add_vsock_port2(ctx, agent_port, paths.agent_socket.c_str(), false), "krun_add_vsock_port2");
}

// The guest names them vda, vdb, ... in the order of these calls.
Status add_disks(const KrunApi &krun, std::uint32_t ctx, const VmmSettings &settings, const MachinePaths &paths) {
    for (std::size_t i = 0; i < settings.disks.size(); ++i) {
        const VmmDisk &disk = settings.disks[i];
        const std::string id = "disk" + std::to_string(i);
        const std::int32_t answer =
            krun.add_disk3(ctx, id.c_str(), fd_path(paths, disk.fd).c_str(), format_raw, disk.readonly, false, sync_relaxed);
        if (Status s = check(answer, "krun_add_disk3"); !s) return s;
    }
    return success();
}

// Checksums and large segments are left to the other end of the wire, which no packet can be damaged on.
Status add_network(const KrunApi &krun, std::uint32_t ctx, const VmmSettings &settings) {
    if (settings.network_fd < 0) return success();
    return check(krun.add_net_unixstream(ctx, nullptr, settings.network_fd, guest_mac, net_features, 0),
                 "krun_add_net_unixstream");
}

} // namespace

Status check_kvm() {
    const Fd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm) return Failure{"no-hypervisor", failure_from_errno("open /dev/kvm", errno).message};
    const int version = ::ioctl(kvm.get(), KVM_GET_API_VERSION, 0);
    if (version == KVM_API_VERSION) return success();
    return Failure{"no-hypervisor", "/dev/kvm speaks version " + std::to_string(version) + " of KVM's API"};
}

Result<std::uint32_t> describe_machine(const KrunApi &krun, const VmmSettings &settings,
                                       const MachinePaths &paths) {
    if (Status s = check(krun.init_log(2, log_level_warn, log_style_never, log_option_no_env), "krun_init_log"); !s) {
        return s.failure();
    }
    const std::int32_t created = krun.create_ctx();
    if (Status s = check(created, "krun_create_ctx"); !s) return s.failure();
    const auto ctx = static_cast<std::uint32_t>(created);

    Status s = check(krun.set_vm_config(ctx, settings.cpus, settings.memory_mib), "krun_set_vm_config");
    if (s) s = check(krun.set_console_output(ctx, fd_path(paths, settings.console_fd).c_str()), "krun_set_console_output");
    if (s) s = add_agent_port(krun, ctx, paths);
    if (s) s = check(krun.disable_implicit_init(ctx), "krun_disable_implicit_init");
    if (s) s = add_disks(krun, ctx, settings, paths);
    if (s) s = add_network(krun, ctx, settings);
    // These ride the kernel's command line unescaped, so they are constants only; never null, which would copy our
    // environment.
    const char *const kernel_arguments[] = {"root=/dev/vda", "rootfstype=ext4", "init=/agent", nullptr};
    if (s) s = check(krun.set_env(ctx, kernel_arguments), "krun_set_env");
    if (!s) return s.failure();
    return ctx;
}

} // namespace boxlite
