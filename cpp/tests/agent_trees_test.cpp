#include "agent/files/file_operations.hpp"
#include "agent/files/tree_stream.hpp"
#include "common/io.hpp"
#include "fed_ring.hpp"
#include "temporary_directory.hpp"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>

namespace boxlite {
namespace {

namespace fs = std::filesystem;

FileRequest request_for(const std::string &path, bool into = false) {
    FileRequest request;
    request.path = path;
    request.into = into;
    return request;
}

// In this process, whose SIGTERM stays what it was.
Result<std::string> unpack(const std::string &to, FedRing &in, bool into = false) {
    sigset_t before;
    ::sigprocmask(SIG_BLOCK, nullptr, &before);
    auto unpacked = unpack_tree(request_for(to, into), {&in.reader, 1, 2});
    ::signal(SIGTERM, SIG_DFL);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return unpacked;
}

// Packs one tree and unpacks it as another, at once.
std::string copy(const std::string &from, const std::string &to, bool into = false) {
    // As in the agent: a reader that went away is an error, no signal.
    ::signal(SIGPIPE, SIG_IGN);
    auto in = std::make_unique<FedRing>();
    std::thread packer([&from, out = std::move(in->pipe)] {
        const auto packed = pack_tree(request_for(from), {nullptr, out.get(), 2});
        EXPECT_TRUE(packed) << packed.failure().message;
    });
    const auto unpacked = unpack(to, *in, into);
    in.reset();
    packer.join();
    return unpacked ? unpacked.value() : unpacked.failure().code;
}

// Unpacks a stream that is made by hand; the result, or the code of the failure.
template <typename Fill> std::string unpack_made(const std::string &to, Fill fill) {
    ::signal(SIGPIPE, SIG_IGN);
    FedRing in;
    TreeWriter writer(in.pipe.get());
    fill(writer);
    writer.finish();
    in.pipe.reset();
    const auto unpacked = unpack(to, in);
    return unpacked ? unpacked.value() : unpacked.failure().code;
}

void put(const std::string &path, std::string_view text) {
    std::ofstream(path) << text;
}

std::string get(const std::string &path) {
    return read_file(path, 1u << 20).value();
}

struct stat look(const std::string &path) {
    struct stat status{};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
}

const TreeMeta plain{0755, {1'000'000'000, 5}};

TEST(AgentTrees, ModesTimesLinksAndHardLinksAreKept) {
    const TemporaryDirectory directory;
    fs::create_directories(directory / "from/sub");
    put(directory / "from/sub/file", "text");
    fs::permissions(directory / "from/sub/file", fs::perms(0640));
    fs::create_symlink("../elsewhere", directory / "from/sub/link");
    fs::create_hard_link(directory / "from/sub/file", directory / "from/same");
    const timespec times[2] = {{0, UTIME_OMIT}, {1'234'567'890, 123'456'789}};
    for (const char *name : {"from/sub/file", "from/sub/link", "from/sub"})
        ASSERT_EQ(::utimensat(AT_FDCWD, (directory / name).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);

    EXPECT_EQ(copy(directory / "from", directory / "to"), "{}");
    EXPECT_EQ(get(directory / "to/sub/file"), "text");
    EXPECT_EQ(look(directory / "to/sub/file").st_mode & 07777u, 0640u);
    EXPECT_EQ(fs::read_symlink(directory / "to/sub/link"), "../elsewhere");
    EXPECT_EQ(look(directory / "to/same").st_ino, look(directory / "to/sub/file").st_ino);
    for (const char *name : {"to/sub/file", "to/sub/link", "to/sub"}) {
        EXPECT_EQ(look(directory / name).st_mtim.tv_sec, 1'234'567'890) << name;
        EXPECT_EQ(look(directory / name).st_mtim.tv_nsec, 123'456'789) << name;
    }
}

TEST(AgentTrees, HolesStayHoles) {
    const TemporaryDirectory directory;
    const Fd file(::open((directory / "from").c_str(), O_WRONLY | O_CREAT, 0644));
    ASSERT_EQ(::ftruncate(file.get(), 64 << 20), 0);
    ASSERT_EQ(::pwrite(file.get(), "x", 1, 32 << 20), 1);
    EXPECT_EQ(copy(directory / "from", directory / "to"), "{}");
    EXPECT_EQ(look(directory / "to").st_size, 64 << 20);
    EXPECT_LE(look(directory / "to").st_blocks, look(directory / "from").st_blocks);
}

// One record as it is on the wire.
std::string record(char kind, const std::string &payload) {
    std::string bytes(1, kind);
    for (int shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<char>(payload.size() >> shift));
    return bytes + payload;
}

TEST(AgentTrees, PaddingSaysNothingAndARecordHasItsLimit) {
    const TemporaryDirectory directory;
    const std::string file = record('F', std::string(24, '\0') + "f");
    const auto unpack_bytes = [&](const std::string &bytes) {
        FedRing in;
        EXPECT_TRUE(write_all(in.pipe.get(), bytes));
        in.pipe.reset();
        const auto unpacked = unpack(directory / "to", in);
        return unpacked ? unpacked.value() : unpacked.failure().code;
    };
    const std::string no_end = record('P', "") + file + record('P', std::string(600, 'x'));
    EXPECT_EQ(unpack_bytes(no_end + record('B', std::string(8, '\0') + "data") + record('P', "") +
                           record('E', std::string("\4\0\0\0\0\0\0\0", 8)) + record('P', "y") + record('Z', "")),
              "{}");
    EXPECT_EQ(get(directory / "to"), "data");
    EXPECT_EQ(unpack_bytes(record('P', "x")), "protocol");
    EXPECT_EQ(unpack_bytes(no_end + record('P', std::string((1u << 20) + 1, 'x'))), "protocol");
}

TEST(AgentTrees, ATrailingSlashIsIntoAndDirectoriesMergeKeepingTheirMode) {
    const TemporaryDirectory directory;
    fs::create_directories(directory / "from");
    put(directory / "from/new", "new");
    fs::create_directories(directory / "to/from");
    fs::permissions(directory / "to/from", fs::perms(0700));
    put(directory / "to/from/old", "old");
    EXPECT_EQ(copy(directory / "from", directory / "to", true), "{}");
    EXPECT_EQ(get(directory / "to/from/old") + get(directory / "to/from/new"), "oldnew");
    EXPECT_EQ(look(directory / "to/from").st_mode & 07777u, 0700u);
    EXPECT_EQ(copy(directory / "from/new", directory / "made/by/it", true), "{}");
    EXPECT_EQ(get(directory / "made/by/it/new"), "new");
}

TEST(AgentTrees, ALinkInTheTargetIsReplacedAndNeverWrittenThrough) {
    const TemporaryDirectory directory;
    fs::create_directory(directory / "outside");
    put(directory / "outside/file", "outside");
    fs::create_directories(directory / "from/dir");
    put(directory / "from/dir/file", "inside");
    put(directory / "from/file", "inside");
    fs::create_directory(directory / "to");
    fs::create_directory_symlink(directory / "outside", directory / "to/dir");
    fs::create_symlink(directory / "outside/file", directory / "to/file");
    EXPECT_EQ(copy(directory / "from", directory / "to"), "{}");
    EXPECT_EQ(get(directory / "outside/file"), "outside");
    EXPECT_TRUE(S_ISDIR(look(directory / "to/dir").st_mode));
    EXPECT_EQ(get(directory / "to/dir/file") + get(directory / "to/file"), "insideinside");
}

TEST(AgentTrees, WhatIsOfAnotherKindIsInTheWay) {
    const TemporaryDirectory directory;
    fs::create_directory(directory / "dir");
    put(directory / "file", "x");
    EXPECT_EQ(copy(directory / "dir", directory / "file"), "not-a-directory");
    EXPECT_EQ(copy(directory / "file", directory / "dir"), "is-a-directory");
    EXPECT_EQ(copy(directory / "file", directory / "file/x"), "not-a-directory");
    ASSERT_EQ(::mkfifo((directory / "dir/pipe").c_str(), 0600), 0);
    Pipe pipe = std::move(make_pipe().value());
    EXPECT_EQ(pack_tree(request_for(directory / "dir"), {nullptr, pipe.write.get(), 2}).failure().code, "unsupported");
}

TEST(AgentTrees, NamesThatAreNotOneNameAreRefused) {
    const TemporaryDirectory directory;
    for (const std::string &name : {std::string(".."), std::string("."), std::string(""), std::string("a/b"),
                                    std::string("a\0b", 3), std::string(256, 'x')}) {
        const auto fill = [&](TreeWriter &writer) {
            writer.enter("root", plain);
            writer.enter(name, plain);
            writer.leave();
            writer.leave();
        };
        EXPECT_EQ(unpack_made(directory / "to", fill), "protocol") << name;
        EXPECT_FALSE(fs::exists(directory / "to"));
    }
}

TEST(AgentTrees, AHardLinkStaysBelowTheRoot) {
    const TemporaryDirectory directory;
    put(directory / "secret", "x");
    fs::create_directory_symlink(directory.path(), directory / "link");
    for (const char *path : {"../secret", "/secret", "link/secret", "none", "a/../../secret"}) {
        const auto fill = [&](TreeWriter &writer) {
            writer.enter("root", plain);
            writer.link("link", plain, "..");
            writer.enter("a", plain);
            writer.leave();
            writer.hard_link("name", path);
            writer.leave();
        };
        EXPECT_NE(unpack_made(directory / "to", fill), "{}") << path;
        EXPECT_FALSE(fs::exists(directory / "to")) << path;
    }
    EXPECT_EQ(look(directory / "secret").st_nlink, 1u);
}

TEST(AgentTrees, AStreamThatStopsLeavesNothingOfANewTree) {
    const TemporaryDirectory directory;
    FedRing in;
    TreeWriter writer(in.pipe.get());
    writer.enter("root", plain);
    writer.file("file", {0644, {}}, 100);
    writer.data(0, std::string(100'000, 'x'));
    in.pipe.reset();
    const auto unpacked = unpack(directory / "to", in);
    ASSERT_FALSE(unpacked);
    EXPECT_EQ(unpacked.failure().code, "protocol");
    EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(AgentTrees, AWorkerThatIsToldToEndTakesBackWhatItBegan) {
    const TemporaryDirectory directory;
    FedRing in;
    const pid_t pid = ::fork();
    if (pid == 0) {
        const auto unpacked = unpack_tree(request_for(directory / "to"), {&in.reader, 1, 2});
        ::_exit(unpacked ? 0 : 7);
    }
    TreeWriter writer(in.pipe.get());
    writer.enter("root", plain);
    writer.file("file", {0644, {}}, 100);
    writer.data(0, std::string(100'000, 'x'));
    while (!fs::exists(directory / "to") || fs::is_empty(directory / "to")) {}
    ::kill(pid, SIGTERM);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WEXITSTATUS(status), 7);
    EXPECT_TRUE(fs::is_empty(directory.path()));
}

} // namespace
} // namespace boxlite
