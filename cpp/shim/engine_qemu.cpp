#include "../common/io.hpp"
#include "../common/socket.hpp"
#include "engine.hpp"
#include "host_tsc.hpp"
#include <cerrno>
#include <fcntl.h>

namespace boxlite {
namespace {

// The child's descriptors: 0 nothing, 1 and 2 log, 3 console, 4 agent, 5 kernel, then the disks and the network.
constexpr int console_fd = 3;
constexpr int agent_fd = 4;
constexpr int kernel_fd = 5;
constexpr int first_disk_fd = 6;

// On a busy host an emulated timer interrupt may come later than the kernel's check for one waits: it then panics.
constexpr const char *usual_arguments =
    "reboot=t panic=-1 no_timer_check nomodule ro quiet console=hvc0 root=/dev/vda rootfstype=ext4 init=/agent";
constexpr std::uint32_t kernel_hz = 250;

void add(std::vector<std::string> &argv, std::string option, std::string value) {
    argv.push_back(std::move(option));
    argv.push_back(std::move(value));
}

// The guest names them vda, vdb, ... in the order of these arguments. QEMU's own locks would undo the shim's.
void add_disk(std::vector<std::string> &argv, std::size_t index, bool readonly) {
    const std::string number = std::to_string(index);
    const std::string only = readonly ? "on" : "off";
    const std::string fd = std::to_string(first_disk_fd + static_cast<int>(index));
    add(argv, "-add-fd", "fd=" + fd + ",set=" + number);
    add(argv, "-blockdev",
        "driver=raw,node-name=disk" + number + ",read-only=" + only +
            ",discard=unmap,file.driver=file,file.filename=/dev/fdset/" + number +
            ",file.locking=off,file.read-only=" + only + ",file.discard=unmap");
    add(argv, "-device", "virtio-blk-device,werror=report,drive=disk" + number);
}

// The address is that of cpp/vmm/boot.cpp, and what boxlite-netd sends to.
void add_network(std::vector<std::string> &argv, int fd) {
    add(argv, "-netdev", "stream,id=network,server=off,addr.type=fd,addr.str=" + std::to_string(fd));
    add(argv, "-device", "virtio-net-device,netdev=network,mac=5a:94:ef:e4:0c:ee");
}

std::string kernel_arguments(int cpus) {
    std::string arguments = usual_arguments;
    // The guest's TSC is the host's. On a busy host the guest's kernel fails to measure it, or takes it for wrong, and
    // lives with a clock that loses up to half of the time.
    if (const auto khz = host_tsc_khz()) {
        arguments += " tsc=nowatchdog tsc_early_khz=" + std::to_string(*khz);
        arguments += " lpj=" + std::to_string(std::uint64_t{*khz} * 1000 / kernel_hz);
    }
    // QEMU may go on with an old translation of code that the kernel rewrites while another processor runs it: "Oops:
    // int3". The kernel does so while it boots: it boots with one processor, and the agent starts the others.
    if (cpus > 1) arguments += " maxcpus=1 noreplace-smp";
    return arguments;
}

std::vector<std::string> command_line(const ShimSettings &settings) {
    std::vector<std::string> argv{settings.programs.qemu};
    // The id is an element of its own: that is how a box's processes are found.
    add(argv, "-name", settings.box_id);
    add(argv, "-M", "microvm,accel=tcg,acpi=off,isa-serial=off,rtc=on,pit=on,pic=on");
    add(argv, "-bios", "qboot.rom");
    add(argv, "-cpu", "max,erms=off,fsrm=off");
    add(argv, "-m", std::to_string(settings.memory_mib));
    add(argv, "-smp", std::to_string(settings.cpus));
    argv.insert(argv.end(), {"-nodefaults", "-no-user-config", "-no-reboot"});
    add(argv, "-display", "none");
    add(argv, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    add(argv, "-kernel", "/proc/self/fd/" + std::to_string(kernel_fd));
    add(argv, "-append", kernel_arguments(settings.cpus));
    add(argv, "-device", "virtio-serial-device,max_ports=4");
    add(argv, "-chardev", "socket,id=console,fd=" + std::to_string(console_fd));
    add(argv, "-device", "virtconsole,chardev=console");
    add(argv, "-chardev", "socket,id=agent,fd=" + std::to_string(agent_fd));
    add(argv, "-device", "virtserialport,chardev=agent,name=agent.0");
    for (std::size_t i = 0; i < settings.disks.size(); ++i)
        add_disk(argv, i, settings.disks[i].readonly);
    if (settings.network) add_network(argv, first_disk_fd + static_cast<int>(settings.disks.size()));
    add(argv, "-device", "virtio-rng-device");
    add(argv, "-device", "virtio-balloon-device,free-page-reporting=on");
    return argv;
}

class QemuEngine final : public Engine {
public:
    Result<Machine> start(const ShimSettings &settings, const std::vector<Fd> &disks, int network) const override {
        auto console = make_socket_pair();
        if (!console) return console.failure();
        auto agent = make_socket_pair();
        if (!agent) return agent.failure();
        widen_send_buffer(agent.value().theirs.get());
        auto log = make_pipe();
        if (!log) return log.failure();
        const Fd kernel(::open(settings.programs.kernel.c_str(), O_RDONLY | O_CLOEXEC));
        if (!kernel) {
            return Failure{"native-missing",
                           failure_from_errno("open kernel " + settings.programs.kernel, errno).message,
                           "Reinstall the package's native files."};
        }
        const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
        if (!null) return failure_from_errno("open /dev/null", errno);

        const int log_end = log.value().write.get();
        Program qemu{
            settings.programs.qemu,
            command_line(settings),
            {null.get(), log_end, log_end, console.value().theirs.get(), agent.value().theirs.get(), kernel.get()},
            false};
        for (const Fd &disk : disks)
            qemu.fds.push_back(disk.get());
        if (network >= 0) qemu.fds.push_back(network);
        auto child = spawn(qemu);
        if (!child) return child.failure();
        return Machine{std::move(child.value()), std::move(console.value().ours), std::move(log.value().read),
                       std::move(agent.value().ours), false};
    }

    std::optional<Failure> explain(int, const Tail &log) const override {
        const std::string said = log.last_line_with("Cannot allocate memory");
        return said.empty() ? std::nullopt : std::optional(no_memory(said));
    }
};

} // namespace

const Engine &qemu_engine() {
    static const QemuEngine engine;
    return engine;
}

} // namespace boxlite
