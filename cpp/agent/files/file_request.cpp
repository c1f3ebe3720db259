#include "file_request.hpp"
#include "../users.hpp"

namespace boxlite {
namespace {

constexpr std::int64_t most_mode = 07777;

Result<std::string> read_path(const Json &request, const char *key) {
    const auto text = request.string(key);
    if (!text) return text.failure();
    auto path = decode_path(text.value());
    if (path && path->starts_with('/')) return std::move(*path);
    return Failure{"invalid-argument", std::string("Expected an absolute path for `") + key + "` but received \"" +
                                           text.value() + "\""};
}

Status read_flag(const Json &request, const char *key, bool &flag) {
    if (!request.has(key)) return success();
    const auto given = request.boolean(key);
    if (!given) return given.failure();
    flag = given.value();
    return success();
}

Status read_number(const Json &request, const char *key, std::int64_t least, std::int64_t &number) {
    if (!request.has(key)) return success();
    const auto given = request.integer(key, least, INT64_MAX);
    if (!given) return given.failure();
    number = given.value();
    return success();
}

Status read_user(const Json &request, FileRequest &parsed) {
    if (!request.has("user")) return success();
    auto user = request.string("user");
    if (!user) return user.failure();
    if (!parse_user_spec(user.value()))
        return Failure{"invalid-argument",
                       "Expected a user, or user:group, for `user` but received \"" + user.value() + "\""};
    parsed.user = std::move(user.value());
    return success();
}

Status read_mode(const Json &request, FileRequest &parsed) {
    if (!request.has("mode")) return success();
    const auto mode = request.integer("mode", 0, most_mode);
    if (!mode) return mode.failure();
    parsed.mode = static_cast<mode_t>(mode.value());
    return success();
}

} // namespace

Result<FileRequest> parse_file_request(const Json &request) {
    FileRequest parsed;
    auto op = request.string("op");
    if (!op) return op.failure();
    parsed.op = std::move(op.value());
    auto path = read_path(request, "path");
    if (!path) return path.failure();
    parsed.path = std::move(path.value());
    if (request.has("root")) {
        auto root = read_path(request, "root");
        if (!root) return root.failure();
        parsed.root = std::move(root.value());
    }
    if (request.has("to")) {
        auto to = read_path(request, "to");
        if (!to) return to.failure();
        parsed.to = std::move(to.value());
    }
    for (const auto &[key, flag] : {std::pair{"follow", &parsed.follow},
                                    {"recursive", &parsed.recursive},
                                    {"append", &parsed.append},
                                    {"into", &parsed.into},
                                    {"announce", &parsed.announce},
                                    {"namesUser", &parsed.names_user}}) {
        if (Status s = read_flag(request, key, *flag); !s) return s.failure();
    }
    for (const auto &[key, least, number] : {std::tuple{"start", std::int64_t{0}, &parsed.start},
                                             {"end", std::int64_t{0}, &parsed.end},
                                             {"depth", std::int64_t{1}, &parsed.depth}}) {
        if (Status s = read_number(request, key, least, *number); !s) return s.failure();
    }
    if (Status s = read_user(request, parsed); !s) return s.failure();
    if (Status s = read_mode(request, parsed); !s) return s.failure();
    return parsed;
}

std::optional<std::string> decode_path(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto unit = static_cast<unsigned char>(text[i]);
        if (unit == 0) return std::nullopt;
        if (unit < 0x80) {
            bytes += text[i];
            continue;
        }
        // U+0080 to U+00FF are C2 or C3 and one more byte.
        if ((unit != 0xc2 && unit != 0xc3) || i + 1 == text.size()) return std::nullopt;
        const auto next = static_cast<unsigned char>(text[++i]);
        bytes += static_cast<char>((unit & 0x03) << 6 | (next & 0x3f));
    }
    return bytes;
}

} // namespace boxlite
