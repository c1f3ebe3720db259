#include "common/io.hpp"
#include "shim/lock.hpp"
#include "temporary_directory.hpp"
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

namespace boxlite {
namespace {

void make_file(const std::string &path, std::size_t bytes) {
    std::ofstream(path) << std::string(bytes, 'x');
}

std::string code_of(const Result<std::vector<Fd>> &disks) {
    return disks ? "" : disks.failure().code;
}

TEST(Lock, ABoxIsHeldByOneAndFreeAgainWhenThatOneIsGone) {
    const TemporaryDirectory directory;
    auto held = lock_box(directory.path());
    ASSERT_TRUE(held);
    const auto second = lock_box(directory.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.failure().code, "box-busy");
    held.value().reset();
    EXPECT_TRUE(lock_box(directory.path()));
}

TEST(Lock, AReadOnlyDiskIsSharedAndAWritableOneIsNot) {
    const TemporaryDirectory directory;
    make_file(directory / "disk", 4096);
    const DiskSetting shared{directory / "disk", true};
    const DiskSetting own{directory / "disk", false};
    {
        const auto first = open_disks({shared}, 0);
        EXPECT_EQ(code_of(open_disks({shared}, 0)), "");
        EXPECT_EQ(code_of(open_disks({own}, 0)), "box-busy");
    }
    const auto writer = open_disks({own}, 0);
    EXPECT_EQ(code_of(open_disks({own}, 0)), "box-busy");
    EXPECT_EQ(code_of(open_disks({shared}, 0)), "box-busy");
}

TEST(Lock, ADiskThatIsLetGoOfInTimeIsTaken) {
    const TemporaryDirectory directory;
    make_file(directory / "disk", 4096);
    auto dying = open_disks({{directory / "disk", false}}, 0);
    std::thread end([&] { dying.value().clear(); });
    EXPECT_EQ(code_of(open_disks({{directory / "disk", false}}, 60'000)), "");
    end.join();
}

TEST(Lock, AFileThatCannotBeADiskIsRefused) {
    const TemporaryDirectory directory;
    make_file(directory / "empty", 0);
    make_file(directory / "odd", 1000);
    EXPECT_EQ(code_of(open_disks({{directory / "empty", true}}, 0)), "image-invalid");
    EXPECT_EQ(code_of(open_disks({{directory / "odd", true}}, 0)), "image-invalid");
    EXPECT_EQ(code_of(open_disks({{directory / "missing", true}}, 0)), "file-not-found");
    EXPECT_EQ(code_of(open_disks({{directory.path(), true}}, 0)), "image-invalid");
}

} // namespace
} // namespace boxlite
