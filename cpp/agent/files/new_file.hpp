#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace boxlite {

// The data of a new file, one at a time in a process. Its first bytes stay in the page cache, for the commands that
// they were sent for. What a large file has beyond goes past it, in large pieces: the cache would copy it once more,
// write it at some later time, and push out what the box works with.
class NewFile {
public:
    static constexpr std::uint64_t cached_bytes = 4u << 20;

    explicit NewFile(int file) : file_(file) {}

    // An errno. What is written may wait for more.
    int write(std::uint64_t offset, std::span<const std::byte> bytes);
    int flush();

private:
    int write_held();
    void pass_cache(bool pass);

    int file_;
    std::uint64_t begin_ = 0; // of what is held
    std::size_t held_ = 0;
    bool passes_ = false;
    bool can_pass_ = true;
};

} // namespace boxlite
