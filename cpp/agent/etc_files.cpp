#include "etc_files.hpp"
#include "../common/io.hpp"
#include "console.hpp"
#include "network.hpp"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace boxlite {
namespace {

Fd open_in_box(int root, const char *path, std::uint64_t flags, std::uint64_t mode) {
    open_how how{};
    how.flags = flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    how.mode = mode;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return Fd(static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how)));
}

// Builders leave empty files behind where a container would mount its own.
Fd open_empty(int root, const char *path) {
    Fd file = open_in_box(root, path, O_WRONLY, 0);
    struct stat status{};
    const bool empty = file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0 &&
                       status.st_nlink == 1;
    return empty ? std::move(file) : Fd();
}

void fill(int root, const char *path, const std::string &content) {
    Fd file = open_in_box(root, path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (!file && errno == EEXIST) {
        file = open_empty(root, path);
        if (!file) return;
    }
    if (!file || !write_all(file.get(), content)) console_line("write /%s of the box: %s", path, std::strerror(errno));
}

// Whatever lies there, a link that leads nowhere for one, makes room: nothing is written through it.
void replace(int root, const char *name, const std::string &content) {
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const Fd directory(static_cast<int>(::syscall(SYS_openat2, root, "etc", &how, sizeof how)));
    if (!directory) return console_line("open /etc of the box: %s", std::strerror(errno));
    ::unlinkat(directory.get(), name, 0);
    const Fd file(::openat(directory.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file || !write_all(file.get(), content)) {
        console_line("write /etc/%s of the box: %s", name, std::strerror(errno));
    }
}

void write_network_files(int root, const std::string &hostname) {
    replace(root, "hostname", hostname + "\n");
    replace(root, "hosts",
            "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" + std::string(guest_address) + "\t" +
                hostname + "\n");
    replace(root, "resolv.conf", "nameserver " + std::string(gateway_address) + "\n");
}

} // namespace

void write_etc_files(int root, const std::string &hostname, bool network) {
    ::mkdirat(root, "etc", 0755);
    if (network) return write_network_files(root, hostname);
    fill(root, "etc/hostname", hostname + "\n");
    fill(root, "etc/hosts",
         "127.0.0.1\tlocalhost " + hostname + "\n::1\tlocalhost ip6-localhost ip6-loopback " + hostname + "\n");
}

} // namespace boxlite
