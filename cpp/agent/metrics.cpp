#include "metrics.hpp"
#include "../common/io.hpp"
#include "answered_call.hpp"
#include "cgroup.hpp"
#include <charconv>

namespace boxlite {
namespace {

constexpr std::size_t longest_file = 1u << 20;

std::string read_text(const char *path) {
    auto text = read_file(path, longest_file);
    return text ? std::move(text.value()) : std::string();
}

// The next word, with what is before it taken off.
std::string_view take_word(std::string_view &text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

std::int64_t number(std::string_view word) {
    std::int64_t value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return value;
}

std::int64_t kib_of(std::string_view meminfo, std::string_view key) {
    const std::size_t at = meminfo.find(key);
    if (at == std::string_view::npos) return 0;
    std::string_view rest = meminfo.substr(at + key.size());
    return number(take_word(rest));
}

} // namespace

std::int64_t used_memory(std::string_view meminfo) {
    return (kib_of(meminfo, "MemTotal:") - kib_of(meminfo, "MemAvailable:")) * 1024;
}

NetworkUse network_use(std::string_view dev) {
    NetworkUse use;
    while (!dev.empty()) {
        std::string_view line = dev.substr(0, dev.find('\n'));
        dev.remove_prefix(std::min(line.size() + 1, dev.size()));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        std::string_view name = line.substr(0, colon);
        name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
        if (name == "lo") continue;
        line.remove_prefix(colon + 1);
        // Eight numbers of what came, then those of what went.
        for (int column = 0; column <= 8; ++column) {
            const std::int64_t value = number(take_word(line));
            if (column == 0) use.in_bytes += value;
            if (column == 8) use.out_bytes += value;
        }
    }
    return use;
}

Result<std::unique_ptr<Call>> open_metrics(const Services &services, std::uint32_t stream, const Json &) {
    const NetworkUse network = network_use(read_text("/proc/net/dev"));
    const std::string exit = JsonWriter()
                                 .member("memoryBytes", used_memory(read_text("/proc/meminfo")))
                                 .member("processes", count_processes())
                                 .member("netInBytes", network.in_bytes)
                                 .member("netOutBytes", network.out_bytes)
                                 .text();
    return std::unique_ptr<Call>(std::make_unique<AnsweredCall>(services, stream, exit));
}

} // namespace boxlite
