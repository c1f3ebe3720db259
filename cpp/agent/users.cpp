#include "users.hpp"
#include <algorithm>

namespace boxlite {
namespace {

// Cuts the next piece off the front of `rest`.
std::string_view take_until(std::string_view &rest, char separator) {
    const std::size_t end = rest.find(separator);
    const std::string_view piece = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return piece;
}

// A NUL would cut the text short where it becomes a C string.
bool readable(std::string_view line) {
    return !line.empty() && line.find('\0') == std::string_view::npos;
}

std::optional<PasswdEntry> parse_passwd_line(std::string_view line) {
    if (!readable(line)) return std::nullopt;
    const std::string_view name = take_until(line, ':');
    take_until(line, ':'); // the password
    const auto uid = parse_id(take_until(line, ':'));
    const auto gid = parse_id(take_until(line, ':'));
    take_until(line, ':'); // the comment
    const std::string_view home = take_until(line, ':');
    if (name.empty() || !uid || !gid) return std::nullopt;
    return PasswdEntry{name, *uid, *gid, home};
}

struct GroupEntry {
    std::string_view name;
    gid_t gid;
    std::string_view members;
};

std::optional<GroupEntry> parse_group_line(std::string_view line) {
    if (!readable(line)) return std::nullopt;
    const std::string_view name = take_until(line, ':');
    take_until(line, ':'); // the password
    const auto gid = parse_id(take_until(line, ':'));
    if (name.empty() || !gid) return std::nullopt;
    return GroupEntry{name, *gid, take_until(line, ':')};
}

bool lists(std::string_view members, std::string_view member) {
    while (!members.empty()) {
        if (take_until(members, ',') == member) return true;
    }
    return false;
}

template <typename Matches> std::optional<PasswdEntry> find_user(std::string_view passwd, Matches matches) {
    while (!passwd.empty()) {
        const auto entry = parse_passwd_line(take_until(passwd, '\n'));
        if (entry && matches(*entry)) return entry;
    }
    return std::nullopt;
}

bool name_like(std::string_view text) {
    return !text.empty() && text.find_first_of(std::string_view(":\n\0", 3)) == std::string_view::npos;
}

} // namespace

std::optional<UserSpec> parse_user_spec(std::string_view text) {
    const std::size_t colon = text.find(':');
    const UserSpec spec{text.substr(0, colon),
                        colon == std::string_view::npos ? std::nullopt : std::optional(text.substr(colon + 1))};
    if (!name_like(spec.user) || (spec.group && !name_like(*spec.group))) return std::nullopt;
    return spec;
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
    constexpr std::uint64_t unchanged = 0xffff'ffff;
    if (text.empty() || text.size() > 10) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (value >= unchanged) return std::nullopt;
    return static_cast<std::uint32_t>(value);
}

std::optional<PasswdEntry> find_user_by_name(std::string_view passwd, std::string_view name) {
    return find_user(passwd, [&](const PasswdEntry &entry) { return entry.name == name; });
}

std::optional<PasswdEntry> find_user_by_id(std::string_view passwd, uid_t uid) {
    return find_user(passwd, [&](const PasswdEntry &entry) { return entry.uid == uid; });
}

std::optional<gid_t> find_group(std::string_view group, std::string_view name) {
    while (!group.empty()) {
        const auto entry = parse_group_line(take_until(group, '\n'));
        if (entry && entry->name == name) return entry->gid;
    }
    return std::nullopt;
}

std::size_t find_memberships(std::string_view group, std::string_view member, std::span<gid_t> found) {
    std::size_t count = 0;
    while (!group.empty() && count < found.size()) {
        const auto entry = parse_group_line(take_until(group, '\n'));
        if (!entry || !lists(entry->members, member)) continue;
        const auto known = found.first(count);
        if (std::find(known.begin(), known.end(), entry->gid) == known.end()) found[count++] = entry->gid;
    }
    return count;
}

UnknownName resolve_identity(const UserSpec &spec, std::string_view passwd, std::string_view group,
                             std::span<gid_t> groups, Identity &identity) {
    const auto number = parse_id(spec.user);
    auto entry = find_user_by_name(passwd, spec.user);
    if (!entry && number) entry = find_user_by_id(passwd, *number);
    // An image without a passwd file still has a root.
    if (!entry && !number && spec.user != "root") return UnknownName::user;

    identity = Identity{entry ? entry->uid : number.value_or(0), entry ? entry->gid : 0, 0,
                        entry ? entry->name : std::string_view{}, entry ? entry->home : std::string_view{}};
    if (spec.group) {
        auto gid = find_group(group, *spec.group);
        if (!gid) gid = parse_id(*spec.group);
        if (!gid) return UnknownName::group;
        identity.gid = *gid;
    } else if (entry) {
        identity.group_count = find_memberships(group, entry->name, groups);
    }
    return UnknownName::none;
}

} // namespace boxlite
