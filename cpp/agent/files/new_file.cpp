#include "new_file.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace boxlite {
namespace {

// As open(2) has it for O_DIRECT: memory, offset and length in whole blocks of the device; no device has larger ones.
constexpr std::size_t block_bytes = 4096;
constexpr std::size_t piece_bytes = 1u << 20;
alignas(block_bytes) std::array<std::byte, piece_bytes> piece;

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
    if (offset != begin_ + held_) {
        if (const int error = flush(); error != 0) return error;
        begin_ = offset;
    }
    while (!bytes.empty()) {
        const std::size_t count = std::min(bytes.size(), piece.size() - held_);
        std::memcpy(piece.data() + held_, bytes.data(), count);
        held_ += count;
        bytes = bytes.subspan(count);
        if (held_ < piece.size()) continue;
        pass_cache(begin_ >= cached_bytes && begin_ % block_bytes == 0);
        if (const int error = write_held(); error != 0) return error;
    }
    return 0;
}

int NewFile::flush() {
    pass_cache(false);
    return write_held();
}

int NewFile::write_held() {
    const auto held = std::span<const std::byte>(piece).first(held_);
    int error = write_at(file_, begin_, held);
    // A file system that wants more of such writes than we do has them through the cache.
    if (error == EINVAL && passes_) {
        pass_cache(false);
        can_pass_ = false;
        error = write_at(file_, begin_, held);
    }
    begin_ += held_;
    held_ = 0;
    return error;
}

void NewFile::pass_cache(bool pass) {
    if (pass == passes_ || !can_pass_) return;
    can_pass_ = ::fcntl(file_, F_SETFL, pass ? O_DIRECT : 0) == 0;
    passes_ = pass && can_pass_;
}

} // namespace boxlite
