#include "environment.hpp"
#include <algorithm>

namespace boxlite {

std::string_view find_variable(std::span<const std::string> environment, std::string_view name) {
    for (const std::string_view entry : environment) {
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
            return entry.substr(name.size() + 1);
        }
    }
    return {};
}

bool PathSearch::next(std::span<char> candidate) {
    while (!over_) {
        const std::size_t end = rest_.find(':');
        const std::string_view directory = rest_.substr(0, end);
        over_ = end == std::string_view::npos;
        if (!over_) rest_.remove_prefix(end + 1);

        const std::size_t slash = directory.empty() ? 0 : 1;
        if (directory.size() + slash + name_.size() + 1 > candidate.size()) continue;
        auto at = std::copy(directory.begin(), directory.end(), candidate.begin());
        if (slash == 1) *at++ = '/';
        *std::copy(name_.begin(), name_.end(), at) = '\0';
        return true;
    }
    return false;
}

char *join_into(std::span<char> &room, std::string_view first, std::string_view second) {
    const std::size_t length = first.size() + second.size() + 1;
    if (length > room.size()) return nullptr;
    const auto after_first = std::copy(first.begin(), first.end(), room.begin());
    *std::copy(second.begin(), second.end(), after_first) = '\0';
    char *text = room.data();
    room = room.subspan(length);
    return text;
}

} // namespace boxlite
