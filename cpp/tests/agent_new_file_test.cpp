#include "agent/files/new_file.hpp"
#include "common/fd.hpp"
#include "common/io.hpp"
#include "temporary_directory.hpp"
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/mman.h>

namespace boxlite {
namespace {

constexpr std::size_t mib = 1u << 20;

std::string some_bytes(std::size_t count, unsigned seed = 1) {
    std::string bytes(count, '\0');
    for (std::size_t at = 0; at < count; ++at) {
        seed = seed * 1'664'525u + 1'013'904'223u;
        bytes[at] = static_cast<char>(seed >> 24);
    }
    return bytes;
}

struct Extent {
    std::uint64_t offset;
    std::string bytes;
};

// Written in pieces of `step`; what the file holds then.
std::string written(const std::string &path, const std::vector<Extent> &extents, std::size_t step) {
    const Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
    NewFile made(file.get());
    for (const auto &[offset, bytes] : extents) {
        for (std::size_t at = 0; at < bytes.size(); at += step)
            EXPECT_EQ(made.write(offset + at, std::as_bytes(std::span(bytes)).subspan(at).first(std::min(step, bytes.size() - at))), 0);
    }
    return read_file(path, 64 * mib).value();
}

TEST(AgentNewFile, LargeAndSmallFilesAreWhatWasWritten) {
    const TemporaryDirectory directory;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 4 * mib, 7 * mib, 7 * mib + 1, 9 * mib - 511}) {
        const std::string bytes = some_bytes(size);
        EXPECT_TRUE(written(directory / "file", {{0, bytes}}, 124 * 1024) == bytes) << size;
        EXPECT_TRUE(written(directory / "file", {{0, bytes}}, NewFile::bulk_bytes) == bytes) << size;
        EXPECT_TRUE(written(directory / "file", {{0, bytes}}, 1'000'003) == bytes) << size;
    }
}

TEST(AgentNewFile, OnlyWholeBlocksOfALargeFileInLargePiecesPassTheCache) {
    struct Case {
        std::uint64_t offset;
        std::size_t bytes;
        std::size_t begin;
        bool passes;
    };
    constexpr std::size_t bulk = NewFile::bulk_bytes;
    const Case cases[] = {
        {4 * mib, bulk, 0, true},         {4 * mib, bulk, 512, true},  {4 * mib, mib / 2, 0, true},
        {4 * mib, 124 * 1024, 0, false},  {4 * mib, bulk, 8, false},   {4 * mib, bulk - 512, 0, false},
        {4 * mib - 4096, bulk, 0, false}, {4 * mib + 512, bulk, 0, false},
    };
    const TemporaryDirectory directory;
    const Fd file(::open((directory / "file").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
    const std::unique_ptr<void, decltype(&std::free)> memory(std::aligned_alloc(4096, 2 * mib), &std::free);
    std::memset(memory.get(), 'x', 2 * mib);
    NewFile made(file.get());
    for (const auto &[offset, bytes, begin, passes] : cases) {
        EXPECT_EQ(made.write(offset, std::span(static_cast<std::byte *>(memory.get()) + begin, bytes)), 0);
        EXPECT_EQ((::fcntl(file.get(), F_GETFL) & O_DIRECT) != 0, passes) << offset << " " << bytes << " " << begin;
    }
}

TEST(AgentNewFile, HolesStayAndPiecesBegunAnywhereLieWhereTheyBelong) {
    const TemporaryDirectory directory;
    const std::vector<Extent> extents = {
        {10, some_bytes(100)}, {5 * mib + 1, some_bytes(3 * mib, 2)}, {12 * mib, some_bytes(3 * mib + 5, 3)}};
    std::string expected(15 * mib + 5, '\0');
    for (const auto &[offset, bytes] : extents)
        expected.replace(offset, bytes.size(), bytes);
    EXPECT_TRUE(written(directory / "file", extents, 124 * 1024) == expected);
}

TEST(AgentNewFile, WithoutAWayPastTheCacheItIsWrittenThroughIt) {
    // A file system without direct writes refuses the flag, or each write.
    const Fd file(::memfd_create("file", MFD_CLOEXEC));
    NewFile made(file.get());
    const std::string bytes = some_bytes(8 * mib);
    EXPECT_EQ(made.write(0, std::as_bytes(std::span(bytes))), 0);
    EXPECT_TRUE(read_file("/proc/self/fd/" + std::to_string(file.get()), 64 * mib).value() == bytes);
}

TEST(AgentNewFile, AFullDiskIsSaid) {
    const Fd full(::open("/dev/full", O_WRONLY));
    NewFile made(full.get());
    const std::string bytes = some_bytes(6 * mib);
    EXPECT_EQ(made.write(0, std::as_bytes(std::span(bytes))), ENOSPC);
}

} // namespace
} // namespace boxlite
