#include "short_path.hpp"
#include <sys/stat.h>
#include <unistd.h>

namespace boxlite {

void remove_short_path(const ShimSettings &settings) {
    const std::string link = settings.box_socket.substr(0, settings.box_socket.rfind('/'));
    struct stat itself {}, target{}, sockets{};
    if (::lstat(link.c_str(), &itself) != 0 || !S_ISLNK(itself.st_mode)) return;
    if (::stat(link.c_str(), &target) != 0 || ::stat((settings.directory + "/sockets").c_str(), &sockets) != 0) return;
    if (target.st_dev == sockets.st_dev && target.st_ino == sockets.st_ino) ::unlink(link.c_str());
}

} // namespace boxlite
