#include "settings.hpp"
#include "../common/io.hpp"
#include "../common/json.hpp"
#include <algorithm>

namespace boxlite {
namespace {

constexpr std::size_t settings_limit = 4u << 20;
constexpr std::size_t box_id_length = 12;
// After vda, vdb and vdc there is room for a few more; both engines have a fixed number of device slots.
constexpr std::size_t most_disks = 6;
constexpr std::int64_t largest_integer = 1ll << 53;

// Reads members one after the other; the first failure is the one that counts.
class Members {
public:
    explicit Members(Json json) : json_(std::move(json)) {}

    std::string string(std::string_view key) { return take(json_.string(key), std::string()); }
    std::string path(std::string_view key) {
        std::string value = string(key);
        if (!failure_ && (value.empty() || value.front() != '/' || value.find('\0') != std::string::npos)) {
            refuse("an absolute path", key, value);
        }
        return value;
    }
    bool boolean(std::string_view key) { return take(json_.boolean(key), false); }
    std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most) {
        return take(json_.integer(key, least, most), std::int64_t{0});
    }
    Members object(std::string_view key) {
        auto inner = json_.object(key);
        if (inner) return Members(inner.value());
        take(Result<bool>(inner.failure()), false);
        return Members(json_);
    }
    std::vector<Json> objects(std::string_view key) { return take(json_.objects(key), std::vector<Json>()); }
    bool has(std::string_view key) const { return json_.has(key); }

    void refuse(std::string_view expected, std::string_view key, std::string_view received) {
        fail({"invalid-argument", "Expected " + std::string(expected) + " for `" + std::string(key) +
                                      "` but received '" + std::string(received) + "'"});
    }
    void fail(Failure failure) {
        if (!failure_) failure_ = std::move(failure);
    }
    // Takes over the failure of members of an inner object.
    void include(const Members &inner) {
        if (inner.failure_) fail(*inner.failure_);
    }
    const std::optional<Failure> &failure() const { return failure_; }

private:
    template <typename T> T take(Result<T> result, T otherwise) {
        if (result) return std::move(result.value());
        fail(result.failure());
        return otherwise;
    }

    Json json_;
    std::optional<Failure> failure_;
};

std::string read_box_id(Members &members) {
    std::string id = members.string("boxId");
    const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if (id.size() != box_id_length || !std::all_of(id.begin(), id.end(), allowed)) {
        members.refuse("12 characters of [a-z0-9]", "boxId", id);
    }
    return id;
}

Nonce read_nonce(Members &members) {
    const auto nonce = parse_nonce(members.string("nonce"));
    if (!nonce) members.refuse("32 hexadecimal digits", "nonce", "something else");
    return nonce.value_or(Nonce{});
}

EngineName read_engine(Members &members) {
    const std::string name = members.string("engine");
    if (name != "krun" && name != "qemu") members.refuse("'krun' or 'qemu'", "engine", name);
    return name == "krun" ? EngineName::krun : EngineName::qemu;
}

std::vector<DiskSetting> read_disks(Members &members) {
    std::vector<DiskSetting> disks;
    for (const Json &entry : members.objects("disks")) {
        Members disk(entry);
        disks.push_back({disk.path("path"), disk.boolean("readonly")});
        members.include(disk);
    }
    if (disks.empty() || disks.size() > most_disks)
        members.refuse("1 to 6 disks", "disks", std::to_string(disks.size()));
    return disks;
}

// Only the programs of the engine in use have to be there.
Programs read_programs(Members &members, EngineName engine, bool has_network) {
    Members programs = members.object("programs");
    Programs found;
    if (engine == EngineName::krun) {
        found.vmm = programs.path("vmm");
        found.libkrun = programs.path("libkrun");
        found.libkrunfw = programs.path("libkrunfw");
    } else {
        found.qemu = programs.path("qemu");
        found.kernel = programs.path("kernel");
    }
    if (has_network) found.netd = programs.path("netd");
    members.include(programs);
    return found;
}

} // namespace

Result<ShimSettings> parse_shim_settings(std::string_view text) {
    auto json = Json::parse(text);
    if (!json) return json.failure();
    Members members(json.value());
    members.integer("version", 1, 1);

    ShimSettings settings;
    settings.box_id = read_box_id(members);
    settings.nonce = read_nonce(members);
    settings.engine = read_engine(members);
    settings.directory = members.path("directory");
    Members sockets = members.object("sockets");
    settings.box_socket = sockets.path("box");
    settings.agent_socket = sockets.path("agent");
    members.include(sockets);
    if (members.has("cgroup")) settings.cgroup = members.path("cgroup");
    Members machine = members.object("machine");
    settings.cpus = static_cast<int>(machine.integer("cpus", 1, 255));
    settings.memory_mib = static_cast<std::uint32_t>(machine.integer("memoryMiB", 64, UINT32_MAX));
    members.include(machine);
    settings.disks = read_disks(members);
    if (const auto network = json.value().find("network")) settings.network = network->text();
    settings.programs = read_programs(members, settings.engine, settings.network.has_value());
    settings.boot_timeout_ms = static_cast<double>(members.integer("bootTimeoutMs", 0, largest_integer));
    settings.lifeline = members.boolean("lifeline");
    const auto boot = json.value().object("boot");
    if (!boot) members.fail(boot.failure());
    if (members.failure()) return *members.failure();
    settings.boot = boot.value().text();
    return settings;
}

Result<ShimSettings> read_settings(int argc, char **argv) {
    if (argc != 2) return Failure{"invalid-argument", "Expected the box id as the only argument"};
    const auto text = read_all(0, settings_limit);
    if (!text) return text.failure();
    auto settings = parse_shim_settings(text.value());
    if (settings && settings.value().box_id != argv[1]) {
        return Failure{"invalid-argument",
                       "The settings are for box " + settings.value().box_id + ", the argument names " + argv[1]};
    }
    return settings;
}

} // namespace boxlite
