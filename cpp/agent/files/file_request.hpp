#pragma once
#include "../../common/json.hpp"
#include "../../common/result.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace boxlite {

// A checked request about files: docs/protocol.md, `open` with an op that begins with "fs.". Paths are bytes.
struct FileRequest {
    std::string op;
    std::string path;
    std::string to;
    // Below which everything lies, if not the box's own.
    std::string root;
    std::string user = "0";
    // Asked for by name: what is written then belongs to that user.
    bool names_user = false;
    bool follow = true;
    bool recursive = false;
    bool append = false;
    // The target is a directory to copy into.
    bool into = false;
    // Whether the client waits for `started`.
    bool announce = false;
    std::optional<mode_t> mode;
    std::int64_t start = 0;
    std::int64_t end = INT64_MAX;
    std::int64_t depth = 1;
};

Result<FileRequest> parse_file_request(const Json &request);

// On the wire each character of a path, U+0001 to U+00FF, is one byte of it: a path may hold what UTF-8 cannot.
std::optional<std::string> decode_path(std::string_view text);

} // namespace boxlite
