#include "disks.hpp"
#include "../common/io.hpp"
#include "clock.hpp"
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <memory>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

namespace boxlite {
namespace {

constexpr const char *image_device = "/dev/vdb";
constexpr const char *box_device = "/dev/vdc";
constexpr const char *upper = "/disk/upper";
constexpr const char *work = "/disk/work";
constexpr const char *overlay_options = "lowerdir=/image,upperdir=/disk/upper,workdir=/disk/work,xino=auto";
constexpr unsigned long resize_ext4 = _IOW('f', 16, std::uint64_t); // EXT4_IOC_RESIZE_FS
constexpr std::int64_t release_patience_ns = 3'000 * ns_per_ms;
constexpr timespec release_retry{0, 1'000'000};

Status mount_on(const char *device, const char *target, const char *type, unsigned long flags, const char *options) {
    if (::mount(device, target, type, flags, options) == 0) return success();
    return failure_from_errno(std::string("mount ") + device + " on " + target, errno);
}

bool is_empty(const char *path) {
    const std::unique_ptr<DIR, int (*)(DIR *)> listing(::opendir(path), ::closedir);
    if (!listing) return false;
    while (const dirent *entry = ::readdir(listing.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") return false;
    }
    return true;
}

// ext4 has a /lost+found that the image's maker never put there.
Status hide_lost_and_found() {
    constexpr ino_t own_inode = 11;
    struct stat status{};
    const bool own =
        ::lstat("/image/lost+found", &status) == 0 && S_ISDIR(status.st_mode) && status.st_ino == own_inode;
    if (!own || !is_empty("/image/lost+found")) return success();
    // A whiteout of overlayfs.
    if (::mknod("/disk/upper/lost+found", S_IFCHR, 0) != 0) return failure_from_errno("hide /lost+found", errno);
    return success();
}

// The root directory of the box is the image's: it shows its mode and owner.
Status make_upper() {
    struct stat image{};
    if (::stat("/image", &image) != 0) return failure_from_errno("look at /image", errno);
    if (::mkdir(upper, 0755) != 0) {
        return errno == EEXIST ? success() : failure_from_errno("make /disk/upper", errno);
    }
    if (::chown(upper, image.st_uid, image.st_gid) != 0 || ::chmod(upper, image.st_mode & 07777) != 0) {
        return failure_from_errno("set mode and owner of /disk/upper", errno);
    }
    return hide_lost_and_found();
}

Status make_work() {
    if (::mkdir(work, 0700) == 0 || errno == EEXIST) return success();
    return failure_from_errno("make /disk/work", errno);
}

Status unmount(const char *target) {
    if (::umount2(target, 0) == 0) return success();
    return failure_from_errno(std::string("unmount ") + target, errno);
}

// The super block outlives the last unmount for a moment, or for long when something still holds it; the device is
// taken until then.
Status await_unused(const Fd &device) {
    const std::string path = "/proc/self/fd/" + std::to_string(device.get());
    const std::int64_t deadline = boot_clock_ns() + release_patience_ns;
    for (;;) {
        const Fd opened(::open(path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
        if (opened) return success();
        if (errno != EBUSY || boot_clock_ns() > deadline)
            return failure_from_errno("see the box's disk released", errno);
        ::nanosleep(&release_retry, nullptr);
    }
}

} // namespace

Result<Disks> Disks::mount() {
    Disks disks;
    disks.box_device_.reset(::open(box_device, O_PATH | O_CLOEXEC));
    if (!disks.box_device_) return failure_from_errno(std::string("open ") + box_device, errno);
    if (Status s = mount_on(image_device, "/image", "ext4", MS_RDONLY, "noload"); !s) return s.failure();
    if (Status s = mount_on(box_device, "/disk", "ext4", 0, nullptr); !s) return s.failure();
    if (Status s = make_upper(); !s) return s.failure();
    if (Status s = make_work(); !s) return s.failure();
    if (Status s = mount_on("overlay", "/box", "overlay", 0, overlay_options); !s) return s.failure();
    return disks;
}

Status Disks::grow() const {
    const Fd device(::open(("/proc/self/fd/" + std::to_string(box_device_.get())).c_str(), O_RDONLY | O_CLOEXEC));
    const Fd directory(::open("/disk", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct statfs status{};
    std::uint64_t bytes = 0;
    if (!device || !directory || ::ioctl(device.get(), BLKGETSIZE64, &bytes) != 0 ||
        ::fstatfs(directory.get(), &status) != 0) {
        return failure_from_errno("measure the box's disk", errno);
    }
    std::uint64_t blocks = bytes / static_cast<std::uint64_t>(status.f_bsize);
    if (::ioctl(directory.get(), resize_ext4, &blocks) != 0) return failure_from_errno("grow the box's disk", errno);
    return success();
}

Status Disks::release() {
    Status first = unmount("/box");
    // Read-only it is clean, whoever still holds it.
    ::mount(nullptr, "/disk", nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
    for (const char *target : {"/disk", "/image"}) {
        if (Status s = unmount(target); !s && first) first = s;
    }
    ::sync();
    if (!first) return first;
    return await_unused(box_device_);
}

} // namespace boxlite
