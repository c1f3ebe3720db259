#include "common/io.hpp"
#include "common/socket.hpp"
#include "temporary_directory.hpp"
#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace boxlite {
namespace {

TEST(Io, AFileWrittenByRenameIsWholeAndPrivateAndLeavesNothingBeside) {
    const TemporaryDirectory directory;
    ASSERT_TRUE(write_file_by_rename(directory / "file", "one"));
    ASSERT_TRUE(write_file_by_rename(directory / "file", "two"));
    EXPECT_EQ(read_file(directory / "file", 100).value(), "two");
    struct stat found {};
    ASSERT_EQ(::stat((directory / "file").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600u);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(Io, AWriteThatCannotBeDoneKeepsTheOldFile) {
    const TemporaryDirectory directory;
    std::filesystem::create_directory(directory / "file");
    const Status written = write_file_by_rename(directory / "file", "text");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.failure().code, "is-a-directory");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(Io, AFullDiskIsNoSpaceAndAMissingFileIsFileNotFound) {
    const Status full = write_all(Fd(::open("/dev/full", O_WRONLY)).get(), "x");
    ASSERT_FALSE(full);
    EXPECT_EQ(full.failure().code, "no-space");
    EXPECT_EQ(read_file("/nonexistent/file", 10).failure().code, "file-not-found");
    EXPECT_EQ(failure_from_errno("do", EIO).code, "boot-failed");
    EXPECT_EQ(failure_from_errno("do", EIO, "store").code, "store");
}

TEST(Io, ReadingStopsAtTheLimit) {
    auto pipe = make_pipe();
    ASSERT_TRUE(write_all(pipe.value().write.get(), "12345"));
    pipe.value().write.reset();
    EXPECT_EQ(read_all(pipe.value().read.get(), 4).failure().code, "limit");
}

TEST(Socket, APathOverTheKernelsLimitIsRefusedAndOneAtTheLimitIsNot) {
    const TemporaryDirectory directory;
    const std::string fits = directory / std::string(107 - directory.path().size() - 1, 's');
    EXPECT_TRUE(listen_at(fits));
    const auto refused = listen_at(fits + "s");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.failure().code, "socket-dir");
}

TEST(Socket, AMissingDirectoryIsASocketDirFailure) {
    EXPECT_EQ(listen_at("/nonexistent/s").failure().code, "socket-dir");
}

TEST(Socket, AStaleSocketInThePlaceIsReplaced) {
    const TemporaryDirectory directory;
    { const auto earlier = listen_at(directory / "s"); }
    EXPECT_TRUE(listen_at(directory / "s"));
}

} // namespace
} // namespace boxlite
