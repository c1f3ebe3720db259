#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace boxlite {

inline constexpr std::string_view default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The value of a variable in a list of "NAME=value"; null data when it is not there.
std::string_view find_variable(std::span<const std::string> environment, std::string_view name);

// The files that a name without a slash can mean, in the order of PATH. An empty element is the working directory.
class PathSearch {
public:
    PathSearch(std::string_view path, std::string_view name) : rest_(path), name_(name) {}
    // Writes the next candidate with its NUL; false after the last. Candidates that do not fit are passed over.
    bool next(std::span<char> candidate);

private:
    std::string_view rest_;
    std::string_view name_;
    bool over_ = false;
};

// Puts the parts and a NUL at the front of `room` and cuts them off it; null when they do not fit.
char *join_into(std::span<char> &room, std::string_view first, std::string_view second);

} // namespace boxlite
