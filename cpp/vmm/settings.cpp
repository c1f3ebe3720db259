#include "settings.hpp"
#include "../common/json.hpp"
#include <sys/un.h>

namespace boxlite {
namespace {

constexpr int highest_fd = 1023;

Result<std::vector<VmmDisk>> parse_disks(const Json &json) {
    const auto entries = json.objects("disks");
    if (!entries) return entries.failure();
    std::vector<VmmDisk> disks;
    for (const Json &entry : entries.value()) {
        const auto fd = entry.integer("fd", 3, highest_fd);
        if (!fd) return fd.failure();
        const auto readonly = entry.boolean("readonly");
        if (!readonly) return readonly.failure();
        disks.push_back({static_cast<int>(fd.value()), readonly.value()});
    }
    return disks;
}

} // namespace

Result<VmmSettings> parse_vmm_settings(std::string_view text) {
    const auto json = Json::parse(text);
    if (!json) return json.failure();
    const Json &document = json.value();
    const auto version = document.integer("version", 1, 1);
    if (!version) return version.failure();
    const auto box_id = document.string("boxId");
    if (!box_id) return box_id.failure();
    const auto libkrun = document.string("libkrun");
    if (!libkrun) return libkrun.failure();
    const auto libkrunfw = document.string("libkrunfw");
    if (!libkrunfw) return libkrunfw.failure();
    const auto cpus = document.integer("cpus", 1, 255);
    if (!cpus) return cpus.failure();
    const auto memory = document.integer("memoryMiB", 1, UINT32_MAX);
    if (!memory) return memory.failure();
    auto disks = parse_disks(document);
    if (!disks) return disks.failure();
    const auto console = document.integer("consoleFd", 3, highest_fd);
    if (!console) return console.failure();
    const auto socket = document.string("agentSocket");
    if (!socket) return socket.failure();
    // libkrun panics at the guest's connect on a longer one.
    if (socket.value().size() >= sizeof(sockaddr_un::sun_path)) {
        return Failure{"socket-dir", "The agent socket's path is too long: " + socket.value()};
    }
    int network = -1;
    if (document.has("networkFd")) {
        const auto fd = document.integer("networkFd", 3, highest_fd);
        if (!fd) return fd.failure();
        network = static_cast<int>(fd.value());
    }
    return VmmSettings{box_id.value(),
                       libkrun.value(),
                       libkrunfw.value(),
                       static_cast<std::uint8_t>(cpus.value()),
                       static_cast<std::uint32_t>(memory.value()),
                       std::move(disks.value()),
                       static_cast<int>(console.value()),
                       socket.value(),
                       network};
}

} // namespace boxlite
