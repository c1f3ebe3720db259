#include "new_file.hpp"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace boxlite {
namespace {

// As open(2) has it for O_DIRECT: offset and length in whole blocks of the file system, and no device has larger ones;
// memory as the block layer wants it of a device that says nothing else.
constexpr std::size_t block_bytes = 4096;
constexpr std::size_t memory_bytes = 512;
// Less is sooner copied than waited for.
constexpr std::size_t worth_passing = NewFile::bulk_bytes / 2;

bool may_pass(std::uint64_t offset, std::span<const std::byte> bytes) {
    return offset >= NewFile::cached_bytes && offset % block_bytes == 0 && bytes.size() >= worth_passing &&
           bytes.size() % block_bytes == 0 && reinterpret_cast<std::uintptr_t>(bytes.data()) % memory_bytes == 0;
}

int write_at(int file, std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return 0;
}

} // namespace

int NewFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
    pass_cache(may_pass(offset, bytes));
    const int error = write_at(file_, offset, bytes);
    // A file system that wants more of such writes than we do has them through the cache.
    if (error != EINVAL || !passes_) return error;
    pass_cache(false);
    can_pass_ = false;
    return write_at(file_, offset, bytes);
}

void NewFile::pass_cache(bool pass) {
    if (pass == passes_ || !can_pass_) return;
    can_pass_ = ::fcntl(file_, F_SETFL, pass ? O_DIRECT : 0) == 0;
    passes_ = pass && can_pass_;
}

} // namespace boxlite
