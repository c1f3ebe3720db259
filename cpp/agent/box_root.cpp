#include "box_root.hpp"
#include "../common/io.hpp"
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace boxlite {
namespace {

struct BoxMount {
    const char *type;
    const char *target; // under the root of the box
    unsigned attributes;
    const char *options[4][2];
};
constexpr unsigned no_programs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
// As in a container; parents before what lies in them.
constexpr BoxMount box_mounts[] = {
    {"proc", "proc", no_programs, {}},
    {"sysfs", "sys", no_programs, {}},
    {"cgroup2", "sys/fs/cgroup", no_programs, {}},
    {"devtmpfs", "dev", MOUNT_ATTR_NOSUID, {}},
    {"devpts",
     "dev/pts",
     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
     {{"mode", "0620"}, {"gid", "5"}, {"ptmxmode", "0666"}}},
    {"tmpfs", "dev/shm", no_programs, {{"mode", "1777"}}},
    {"mqueue", "dev/mqueue", no_programs, {}},
};
constexpr const char *device_links[][2] = {
    {"/proc/self/fd", "dev/fd"},
    {"/proc/self/fd/0", "dev/stdin"},
    {"/proc/self/fd/1", "dev/stdout"},
    {"/proc/self/fd/2", "dev/stderr"},
};

Failure mount_failure(const BoxMount &mount) {
    return failure_from_errno(std::string("mount ") + mount.type + " on /" + mount.target + " of the box", errno);
}

// Links of the image lead within the box only.
Fd open_in_box(int root, const char *path) {
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return Fd(static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how)));
}

Fd make_file_system(const BoxMount &mount) {
    const Fd context(::fsopen(mount.type, FSOPEN_CLOEXEC));
    if (!context) return Fd();
    // The name shown in /proc/mounts.
    ::fsconfig(context.get(), FSCONFIG_SET_STRING, "source", mount.type, 0);
    for (const auto &[key, value] : mount.options) {
        if (key != nullptr && ::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value, 0) != 0) return Fd();
    }
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return Fd();
    return Fd(::fsmount(context.get(), FSMOUNT_CLOEXEC, mount.attributes));
}

Status mount_in_box(int root, const BoxMount &mount) {
    ::mkdirat(root, mount.target, 0755); // it mostly is there
    const Fd target = open_in_box(root, mount.target);
    if (!target) return mount_failure(mount);
    const Fd made = make_file_system(mount);
    if (!made) return mount_failure(mount);
    if (::move_mount(made.get(), "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
        return mount_failure(mount);
    }
    return success();
}

// Leaves the process in a namespace of its own whose root is /box and nothing else.
Status enter_new_root() {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 || ::unshare(CLONE_NEWNS) != 0) {
        return failure_from_errno("make the box's mount namespace", errno);
    }
    if (::chdir("/box") != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0 || ::umount2(".", MNT_DETACH) != 0 ||
        ::chdir("/") != 0) {
        return failure_from_errno("make /box the root of the box", errno);
    }
    return success();
}

Status mount_all() {
    const Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return failure_from_errno("open the box's root", errno);
    for (const auto &mount : box_mounts) {
        if (Status mounted = mount_in_box(root.get(), mount); !mounted) return mounted;
    }
    for (const auto &[to, link] : device_links) {
        if (::symlinkat(to, root.get(), link) != 0 && errno != EEXIST)
            return failure_from_errno(std::string("make /") + link, errno);
    }
    return success();
}

Result<BoxRoot> build(int proc) {
    if (Status s = enter_new_root(); !s) return s.failure();
    if (Status s = mount_all(); !s) return s.failure();
    BoxRoot root{Fd(::openat(proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC)),
                 Fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), Fd(::open("/dev/null", O_RDWR | O_CLOEXEC)),
                 Fd(::open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC))};
    if (!root.mount_namespace || !root.directory || !root.null || !root.terminals)
        return failure_from_errno("hold the box's root", errno);
    return root;
}

} // namespace

Result<BoxRoot> make_box_root() {
    const Fd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const Fd own(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
    if (!proc || !own) return failure_from_errno("open /proc/self/ns/mnt", errno);
    Result<BoxRoot> root = build(proc.get());
    if (::setns(own.get(), CLONE_NEWNS) != 0) return failure_from_errno("return to the agent's mount namespace", errno);
    return root;
}

} // namespace boxlite
