#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <sys/types.h>

// passwd(5) and group(5), read by hand: a static program must not call NSS. The files are as hostile as the rest of the
// image, and the readers run in a child that shares our memory: nothing here allocates.
namespace boxlite {

// "name", "uid", "name:group" or "uid:gid"; each part may be a name or a number.
struct UserSpec {
    std::string_view user;
    std::optional<std::string_view> group;
};
// Nothing for '', 'name:' and ':group', and for a text that no passwd line could hold.
std::optional<UserSpec> parse_user_spec(std::string_view text);

struct PasswdEntry {
    std::string_view name;
    uid_t uid;
    gid_t gid;
    std::string_view home;
};

// Decimal, without a sign. The last value means "unchanged" to the kernel and is no id.
std::optional<std::uint32_t> parse_id(std::string_view text);

// The first line that can be read and fits; lines that cannot are passed over.
std::optional<PasswdEntry> find_user_by_name(std::string_view passwd, std::string_view name);
std::optional<PasswdEntry> find_user_by_id(std::string_view passwd, uid_t uid);
std::optional<gid_t> find_group(std::string_view group, std::string_view name);
// The groups that list `member`, each once, as many as fit.
std::size_t find_memberships(std::string_view group, std::string_view member, std::span<gid_t> found);

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::size_t group_count = 0;
    // Empty where passwd has no line for the uid.
    std::string_view name;
    std::string_view home;
};
enum class UnknownName { none, user, group };
// Who `spec` is, from the texts of the two files; `groups` takes the supplementary ones.
UnknownName resolve_identity(const UserSpec &spec, std::string_view passwd, std::string_view group,
                             std::span<gid_t> groups, Identity &identity);

} // namespace boxlite
