#include "../common/io.hpp"
#include "../common/json.hpp"
#include "../common/socket.hpp"
#include "engine.hpp"

namespace boxlite {
namespace {

// The child's descriptors: 0 settings, 1 and 2 log, 3 console, then the disks and the network.
constexpr int console_fd = 3;
constexpr int first_disk_fd = 4;

// Exit statuses of cpp/vmm/main.cpp.
constexpr int status_no_library = 71;
constexpr int status_no_machine = 73;
constexpr int status_no_hypervisor = 74;

std::string vmm_settings(const ShimSettings &settings) {
    std::vector<JsonWriter> disks;
    for (std::size_t i = 0; i < settings.disks.size(); ++i) {
        JsonWriter disk;
        disk.member("fd", first_disk_fd + static_cast<int>(i)).member("readonly", settings.disks[i].readonly);
        disks.push_back(disk);
    }
    JsonWriter json;
    json.member("version", 1)
        .member("boxId", settings.box_id)
        .member("libkrun", settings.programs.libkrun)
        .member("libkrunfw", settings.programs.libkrunfw)
        .member("cpus", settings.cpus)
        .member("memoryMiB", settings.memory_mib)
        .member("disks", disks)
        .member("consoleFd", console_fd)
        .member("agentSocket", settings.agent_socket);
    // After the disks.
    if (settings.network) json.member("networkFd", first_disk_fd + static_cast<int>(settings.disks.size()));
    return json.text();
}

// The last line of boxlite-vmm's log, without its time stamp.
std::string own_words(const Tail &log) {
    const std::string line = log.last_line();
    const std::size_t name = line.find(" vmm: ");
    return name == std::string::npos ? line : line.substr(name + 6);
}

// What libkrun's own last error line says, after its "[time ERROR module] ".
std::string error_words(const Tail &log) {
    const std::string line = log.last_line_with("ERROR krun");
    const std::size_t words = line.find("] ");
    return words == std::string::npos ? own_words(log) : line.substr(words + 2);
}

Failure no_machine(const Tail &log) {
    const std::string said = error_words(log);
    // What libkrun says when the guest's memory cannot be had, or is more than the processor can address.
    if (said.find("SetUserMemoryRegion") != std::string::npos || said.find("Mmap") != std::string::npos)
        return no_memory(said);
    return {"boot-failed", "libkrun cannot build this machine: " + said, "Look at vmm.log in the box's directory."};
}

class KrunEngine final : public Engine {
public:
    Result<Machine> start(const ShimSettings &settings, const std::vector<Fd> &disks, int network) const override {
        auto input = make_pipe();
        if (!input) return input.failure();
        auto console = make_pipe();
        if (!console) return console.failure();
        auto log = make_pipe();
        if (!log) return log.failure();
        // Before the machine runs: its agent connects once, as soon as it is up.
        auto agent = listen_at(settings.agent_socket);
        if (!agent) return agent.failure();
        // A pipe's buffer takes it whole, so this cannot wait for the reader.
        if (Status written = write_all(input.value().write.get(), vmm_settings(settings)); !written)
            return written.failure();

        const int log_end = log.value().write.get();
        Program vmm{settings.programs.vmm,
                    {settings.programs.vmm, settings.box_id},
                    {input.value().read.get(), log_end, log_end, console.value().write.get()},
                    true};
        for (const Fd &disk : disks)
            vmm.fds.push_back(disk.get());
        if (network >= 0) vmm.fds.push_back(network);
        auto child = spawn(vmm);
        if (!child) return child.failure();
        return Machine{std::move(child.value()), std::move(console.value().read), std::move(log.value().read),
                       std::move(agent.value()), true};
    }

    std::optional<Failure> explain(int status, const Tail &log) const override {
        switch (status) {
        case status_no_library:
            return Failure{"native-missing", "libkrun cannot be used: " + own_words(log),
                           "Reinstall the package's native files."};
        case status_no_hypervisor:
            return Failure{"no-hypervisor", "KVM cannot be used: " + own_words(log),
                           "Give this user access to /dev/kvm, or use the qemu engine."};
        case status_no_machine:
            return no_machine(log);
        default:
            return std::nullopt;
        }
    }
};

} // namespace

const Engine &krun_engine() {
    static const KrunEngine engine;
    return engine;
}

} // namespace boxlite
