#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace boxlite {

// The data of a new file. Its first bytes stay in the page cache, for the commands that they were sent for. What a large
// file has beyond goes past it, where it comes in large pieces that lie in whole blocks: the cache would copy it once
// more, write it at some later time, and push out what the box works with.
class NewFile {
public:
    static constexpr std::uint64_t cached_bytes = 4u << 20;
    // What is worth a write of its own: the largest record of a tree's data.
    static constexpr std::size_t bulk_bytes = 255 * 4096;

    explicit NewFile(int file) : file_(file) {}

    // An errno.
    int write(std::uint64_t offset, std::span<const std::byte> bytes);

private:
    void pass_cache(bool pass);

    int file_;
    bool passes_ = false;
    bool can_pass_ = true;
};

} // namespace boxlite
