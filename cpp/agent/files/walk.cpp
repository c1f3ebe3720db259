#include "walk.hpp"
#include "paths.hpp"
#include <cerrno>
#include <fcntl.h>

namespace boxlite {
namespace {

char type_of(int directory, const dirent &entry) {
    switch (entry.d_type) {
    case DT_REG:
        return 'f';
    case DT_DIR:
        return 'd';
    case DT_LNK:
        return 'l';
    case DT_UNKNOWN:
        break;
    default:
        return 'o';
    }
    struct stat status{};
    if (::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return 'o';
    return type_letter(status.st_mode);
}

} // namespace

int DirectoryWalk::open(int directory, const char *name, int flags, std::string label) {
    Fd fd;
    if (const int error = open_at(directory, name, flags, 0, fd); error != 0) return error;
    std::unique_ptr<DIR, int (*)(DIR *)> listing(::fdopendir(fd.get()), ::closedir);
    if (!listing) return errno;
    fd.release();
    levels_.push_back({std::move(listing), std::move(label)});
    return 0;
}

int DirectoryWalk::enter(const std::string &name) {
    return open(fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, name);
}

int DirectoryWalk::next(Entry &entry) {
    for (;;) {
        errno = 0;
        const dirent *found = ::readdir(levels_.back().listing.get());
        entry.name.clear();
        if (found == nullptr) return errno;
        const std::string_view name = found->d_name;
        if (!is_plain_name(name)) continue;
        entry.name = name;
        entry.type = type_of(fd(), *found);
        return 0;
    }
}

std::string DirectoryWalk::path_of(std::string_view name) const {
    std::string path;
    for (std::size_t level = 1; level < levels_.size(); ++level)
        path.append(levels_[level].name).push_back('/');
    return path.append(name);
}

} // namespace boxlite
