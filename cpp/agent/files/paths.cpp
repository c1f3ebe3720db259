#include "paths.hpp"
#include "unfinished.hpp"
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>
#include <vector>

namespace boxlite {
namespace {

constexpr int most_links = 40; // as the kernel has it
constexpr int most_names = 100;
constexpr std::size_t piece_bytes = 256 * 1024;

} // namespace

SplitPath split_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {".", std::string(path)};
    return {std::string(slash == 0 ? "/" : path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

std::string without_trailing_slashes(std::string_view path) {
    const std::size_t last = path.find_last_not_of('/');
    if (last == std::string_view::npos) return path.empty() ? "" : "/";
    return std::string(path.substr(0, last + 1));
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name != "." && name != "..";
}

int make_parents(const std::string &path) {
    const std::string parent = split_path(path).parent;
    struct stat status{};
    if (::stat(parent.c_str(), &status) == 0) return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
    if (errno != ENOENT) return errno;
    for (std::size_t slash = parent.find('/', 1);; slash = parent.find('/', slash + 1)) {
        const std::string part = parent.substr(0, slash);
        if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) {
            const int error = errno;
            // What may not be made may be there.
            if (::stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return error;
        }
        if (slash == std::string::npos) break;
    }
    return ::stat(parent.c_str(), &status) != 0 ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

int find_place(std::string path, Place &place) {
    std::vector<char> target(4096);
    for (int links = 0; links <= most_links; ++links) {
        auto [parent, name] = split_path(without_trailing_slashes(path));
        if (const int error = open_at(AT_FDCWD, parent.c_str(), O_PATH | O_DIRECTORY, 0, place.directory); error != 0)
            return error;
        place.name = std::move(name);
        const ssize_t length = ::readlinkat(place.directory.get(), place.name.c_str(), target.data(), target.size());
        if (length < 0) return errno == EINVAL || errno == ENOENT ? 0 : errno;
        const std::string_view text(target.data(), static_cast<std::size_t>(length));
        path = text.starts_with('/') ? std::string(text) : parent + "/" + std::string(text);
    }
    return ELOOP;
}

int open_at(int directory, const char *name, int flags, mode_t mode, Fd &fd) {
    fd.reset(::openat(directory, name, flags | O_CLOEXEC, mode));
    return fd ? 0 : errno;
}

std::string unused_name() {
    constexpr char digits[] = "0123456789abcdef";
    unsigned char bytes[8]{};
    [[maybe_unused]] const ssize_t filled = ::getrandom(bytes, sizeof bytes, GRND_NONBLOCK);
    std::string name = ".boxlite-";
    for (const unsigned char byte : bytes)
        name.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    return name;
}

int make_beside(int directory, std::string &name, Fd &fd) {
    for (int tries = 0;; ++tries) {
        name = unused_name();
        // Before it is there: a worker may be told to end at any moment.
        Unfinished::keep(directory, name.c_str());
        const int error = open_at(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, fd);
        if (error != 0) Unfinished::done();
        if (error != EEXIST || tries == most_names) return error;
    }
}

int write_bytes(int to, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(to, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return 0;
}

Copied copy_bytes(int from, int to, std::int64_t most) {
    std::vector<std::byte> piece(piece_bytes);
    Copied copied;
    while (copied.bytes < most) {
        const auto room = static_cast<std::size_t>(std::min<std::int64_t>(piece_bytes, most - copied.bytes));
        const ssize_t count = ::read(from, piece.data(), room);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            copied.error = count < 0 ? errno : 0;
            return copied;
        }
        copied.error = write_bytes(to, std::span(piece).first(static_cast<std::size_t>(count)));
        if (copied.error != 0) return copied;
        copied.bytes += count;
    }
    return copied;
}

char type_letter(mode_t mode) {
    if (S_ISREG(mode)) return 'f';
    if (S_ISDIR(mode)) return 'd';
    return S_ISLNK(mode) ? 'l' : 'o';
}

} // namespace boxlite
