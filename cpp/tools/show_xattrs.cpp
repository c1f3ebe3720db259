// Prints the extended attributes of files, for the tests: in a box, and of the same tree on the host.
// usage: boxlite-show-xattrs <path>...

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <sys/xattr.h>

namespace {

// No file system takes more (xattr(7)).
constexpr std::size_t most_bytes = 65536;

std::vector<std::string> names_of(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const std::size_t end = list.find('\0');
        names.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end, list.size() - 1) + 1);
    }
    std::sort(names.begin(), names.end());
    return names;
}

void print(const char *path, const std::string &name, std::string_view value) {
    std::printf("%s|%s=", path, name.c_str());
    for (const char byte : value) std::printf("%02x", static_cast<unsigned char>(byte));
    std::printf("\n");
}

bool show(const char *path, std::vector<char> &buffer) {
    const ssize_t listed = ::llistxattr(path, buffer.data(), buffer.size());
    if (listed < 0) {
        std::perror(path);
        return false;
    }
    for (const std::string &name : names_of({buffer.data(), static_cast<std::size_t>(listed)})) {
        const ssize_t length = ::lgetxattr(path, name.c_str(), buffer.data(), buffer.size());
        if (length < 0) {
            std::perror(path);
            return false;
        }
        print(path, name, {buffer.data(), static_cast<std::size_t>(length)});
    }
    return true;
}

} // namespace

int main(int count, char **arguments) {
    std::vector<char> buffer(most_bytes);
    bool is_shown = true;
    for (int at = 1; at < count; at++) is_shown = show(arguments[at], buffer) && is_shown;
    return is_shown ? 0 : 1;
}
