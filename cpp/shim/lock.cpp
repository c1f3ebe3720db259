#include "lock.hpp"
#include "../common/io.hpp"
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>

namespace boxlite {
namespace {

constexpr off_t sector_bytes = 512;
constexpr timespec retry_interval{0, 5'000'000};

// Locks the whole file without waiting.
Status try_lock(int fd, short type, const std::string &path) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return success();
    if (errno == EAGAIN || errno == EACCES) {
        return Failure{"box-busy", path + " is locked by another process",
                       "Wait until the box has stopped, then try again."};
    }
    return failure_from_errno("lock " + path, errno);
}

// A lock is freed by the end of its holder's last thread, a little after the holder was killed.
Status lock_within(double patience_ms, int fd, short type, const std::string &path) {
    const double until = now_ms() + patience_ms;
    for (;;) {
        Status locked = try_lock(fd, type, path);
        if (locked || locked.failure().code != "box-busy" || now_ms() >= until) return locked;
        ::nanosleep(&retry_interval, nullptr);
    }
}

Result<Fd> open_disk(const DiskSetting &disk, double patience_ms) {
    Fd file(::open(disk.path.c_str(), (disk.readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC));
    if (!file) return failure_from_errno("open disk " + disk.path, errno);
    struct stat found {};
    if (::fstat(file.get(), &found) != 0) return failure_from_errno("look at disk " + disk.path, errno);
    if (!S_ISREG(found.st_mode) || found.st_size == 0 || found.st_size % sector_bytes != 0) {
        return Failure{"image-invalid", "Disk " + disk.path + " is not a file of whole sectors: it has " +
                                            std::to_string(found.st_size) + " bytes"};
    }
    if (Status locked = lock_within(patience_ms, file.get(), disk.readonly ? F_RDLCK : F_WRLCK, "Disk " + disk.path);
        !locked) {
        return locked.failure();
    }
    return file;
}

} // namespace

Result<Fd> lock_box(const std::string &directory) {
    const std::string path = directory + "/lock";
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return failure_from_errno("open " + path, errno);
    if (Status locked = try_lock(file.get(), F_WRLCK, "Box lock " + path); !locked) return locked.failure();
    return file;
}

Result<std::vector<Fd>> open_disks(const std::vector<DiskSetting> &disks, double patience_ms) {
    std::vector<Fd> files;
    for (const DiskSetting &disk : disks) {
        auto file = open_disk(disk, patience_ms);
        if (!file) return file.failure();
        files.push_back(std::move(file.value()));
    }
    return files;
}

} // namespace boxlite
