#include "small_root.hpp"
#include "../common/fd.hpp"
#include "../common/io.hpp"
#include "../common/log.hpp"
#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace boxlite {
namespace {

constexpr int spaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
// Any directory that is always there: it is covered in this process's view alone.
constexpr const char *covered = "/tmp";

struct Pieces {
    Fd kvm;
    Fd sockets;
    Fd descriptors;
};

Status write_map(const char *path, const std::string &text) {
    const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
    if (!file) return failure_from_errno(path, errno);
    return write_all(file.get(), text);
}

// user_namespaces(7): an ordinary user has to give up setgroups before it maps its own group.
Status map_ourselves(uid_t uid, gid_t gid) {
    if (Status s = write_map("/proc/self/setgroups", "deny"); !s) return s;
    const auto same = [](unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; };
    if (Status s = write_map("/proc/self/uid_map", same(uid)); !s) return s;
    return write_map("/proc/self/gid_map", same(gid));
}

Status leave_namespaces() {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (uid == 0 && ::unshare(spaces) == 0) return success();
    if (::unshare(spaces | CLONE_NEWUSER) != 0) return failure_from_errno("make namespaces", errno);
    return map_ourselves(uid, gid);
}

Fd clone_tree(const std::string &path) {
    return Fd(static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
}

Result<Pieces> take_pieces(const std::string &sockets) {
    Pieces pieces{clone_tree("/dev/kvm"), clone_tree(sockets), clone_tree("/proc/self/fd")};
    // Its absence is said by who opens it.
    if (!pieces.kvm && errno != ENOENT && !pieces.sockets) return failure_from_errno("take /dev/kvm along", errno);
    if (!pieces.sockets || !pieces.descriptors) return failure_from_errno("take the agent's socket along", errno);
    return pieces;
}

Status put(const Fd &tree, const char *path) {
    if (::syscall(SYS_move_mount, tree.get(), "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0) return success();
    return failure_from_errno(std::string("mount ") + path, errno);
}

Status fill_root(const Pieces &pieces) {
    if (::mount("tmpfs", covered, "tmpfs", MS_NOSUID | MS_NOEXEC, "size=64k,mode=755") != 0)
        return failure_from_errno("mount a root", errno);
    if (::chdir(covered) != 0) return failure_from_errno("enter the root", errno);
    for (const char *directory : {"dev", "agent", "fd"}) {
        if (::mkdir(directory, 0755) != 0) return failure_from_errno("fill the root", errno);
    }
    const Fd device(::open("dev/kvm", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
    if (!device) return failure_from_errno("fill the root", errno);
    if (pieces.kvm) {
        if (Status s = put(pieces.kvm, "dev/kvm"); !s) return s;
    }
    if (Status s = put(pieces.sockets, "agent"); !s) return s;
    return put(pieces.descriptors, "fd");
}

// pivot_root(2), "pivot_root(".", ".")": the old root lies over the new one until it is taken off.
Status change_root() {
    if (::syscall(SYS_pivot_root, ".", ".") != 0) return failure_from_errno("change the root", errno);
    if (::umount2(".", MNT_DETACH) != 0) return failure_from_errno("leave the old root", errno);
    if (::chdir("/") != 0) return failure_from_errno("enter the root", errno);
    if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC, nullptr) != 0)
        return failure_from_errno("close the root", errno);
    return success();
}

} // namespace

Result<MachinePaths> enter_small_root(const std::string &agent_socket) {
    const std::size_t slash = agent_socket.rfind('/');
    if (Status made = leave_namespaces(); !made) {
        log_line("no namespaces on this host (%s): the jail goes without them", made.failure().message.c_str());
        return MachinePaths{agent_socket, "/proc/self/fd"};
    }
    // From here on a failure is one: half a jail is none.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return failure_from_errno("keep mounts private", errno);
    const auto pieces = take_pieces(agent_socket.substr(0, slash));
    if (!pieces) return pieces.failure();
    if (Status filled = fill_root(pieces.value()); !filled) return filled.failure();
    if (Status changed = change_root(); !changed) return changed.failure();
    return MachinePaths{"/agent" + agent_socket.substr(slash), "/fd"};
}

} // namespace boxlite
