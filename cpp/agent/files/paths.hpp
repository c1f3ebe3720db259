#pragma once
#include "../../common/fd.hpp"
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>

// Steps over paths. Where a function returns an int it is an errno, 0 for success.
namespace boxlite {

// "/a/b" is "/a" and "b"; a trailing slash leaves the name empty.
struct SplitPath {
    std::string parent;
    std::string name;
};
SplitPath split_path(std::string_view path);
std::string without_trailing_slashes(std::string_view path);
// Has a name of its own: neither "", "." nor "..".
bool is_plain_name(std::string_view name);

// Makes every directory above the last component that is missing.
int make_parents(const std::string &path);

// The directory and the name behind a path whose last component may be a chain of links; the name need not exist.
struct Place {
    Fd directory;
    std::string name;
};
int find_place(std::string path, Place &place);

int open_at(int directory, const char *name, int flags, mode_t mode, Fd &fd);
// A name that nobody else has.
std::string unused_name();
// A new file that only its user may touch, with a name that nobody else has; it is Unfinished until that is done.
int make_beside(int directory, std::string &name, Fd &fd);

// An errno, 0 once all is written.
int write_bytes(int to, std::span<const std::byte> bytes);

// Everything read goes on to `to`, until the end or `most` bytes. `error` is 0, or what went wrong.
struct Copied {
    std::int64_t bytes = 0;
    int error = 0;
};
Copied copy_bytes(int from, int to, std::int64_t most);

char type_letter(mode_t mode);

} // namespace boxlite
