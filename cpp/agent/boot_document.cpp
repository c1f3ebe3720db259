#include "boot_document.hpp"
#include "../common/json.hpp"
#include <charconv>

namespace boxlite {
namespace {

constexpr std::size_t longest_hostname = 64; // __NEW_UTS_LEN

Result<std::int64_t> read_clock(const Json &document) {
    const auto text = document.string("clockNs");
    if (!text) return text.failure();
    std::int64_t ns = 0;
    const char *end = text.value().data() + text.value().size();
    const auto parsed = std::from_chars(text.value().data(), end, ns);
    if (parsed.ec != std::errc{} || parsed.ptr != end || ns < 0) {
        return Failure{"invalid-argument",
                       "Expected nanoseconds since 1970 for `clockNs` but received \"" + text.value() + "\""};
    }
    return ns;
}

// It is written into /etc/hosts and /etc/hostname of the box.
Result<std::string> read_hostname(const Json &document) {
    auto hostname = document.string("hostname");
    if (!hostname) return hostname;
    const std::string &name = hostname.value();
    const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
                       std::string::npos;
    if (name.empty() || name.size() > longest_hostname || !plain) {
        return Failure{"invalid-argument",
                       "Expected letters, digits, '-', '.' and '_' for `hostname` but received \"" + name + "\""};
    }
    return hostname;
}

} // namespace

Result<BootDocument> parse_boot_document(std::string_view text) {
    const auto document = Json::parse(text);
    if (!document) return document.failure();
    auto hostname = read_hostname(document.value());
    if (!hostname) return hostname.failure();
    const auto clock_ns = read_clock(document.value());
    if (!clock_ns) return clock_ns.failure();
    const auto grow_disk = document.value().boolean("growDisk");
    if (!grow_disk) return grow_disk.failure();
    const bool named = document.value().has("network");
    const auto network = named ? document.value().boolean("network") : Result<bool>(false);
    if (!network) return network.failure();
    return BootDocument{std::move(hostname.value()), clock_ns.value(), grow_disk.value(), network.value()};
}

} // namespace boxlite
