#include "agent/files/file_failure.hpp"
#include "agent/files/file_operations.hpp"
#include "agent/files/paths.hpp"
#include "agent/files/unfinished.hpp"
#include "common/io.hpp"
#include "fed_ring.hpp"
#include "temporary_directory.hpp"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace boxlite {
namespace {

namespace fs = std::filesystem;

void put(const std::string &path, std::string_view text) {
    std::ofstream(path) << text;
}

std::string get(const std::string &path) {
    return read_file(path, 1u << 20).value();
}

// Runs an operation with this input, and returns what it put out, or its failure's code.
struct Run {
    std::string result;
    std::string output;
};
Run run(const FileRequest &request, std::string_view input = {}) {
    FedRing in;
    Pipe out = std::move(make_pipe().value());
    Pipe word = std::move(make_pipe().value());
    EXPECT_TRUE(write_all(in.pipe.get(), input));
    in.pipe.reset();
    const auto done = find_file_operation(request.op)(request, {&in.reader, out.write.get(), word.write.get()});
    out.write.reset();
    return {done ? done.value() : done.failure().code, read_all(out.read.get(), 1u << 20).value()};
}

FileRequest request_for(std::string op, std::string path) {
    FileRequest request;
    request.op = std::move(op);
    request.path = std::move(path);
    return request;
}

std::size_t count_in(const std::string &directory) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), {}));
}

TEST(AgentFileRequest, PathsOnTheWireAreBytes) {
    EXPECT_EQ(decode_path("/a"), "/a");
    EXPECT_EQ(decode_path("/\xc3\xbf\xc2\x80"), "/\xff\x80");
    EXPECT_EQ(decode_path("/\xc4\x80"), std::nullopt); // U+0100 is no byte
    EXPECT_EQ(decode_path("/\xc3"), std::nullopt);
    EXPECT_EQ(decode_path(std::string_view("/\0", 2)), std::nullopt);
}

TEST(AgentFileRequest, WhatIsMissingOrWrongIsRefused) {
    const auto code = [](std::string_view json) {
        const auto parsed = parse_file_request(Json::parse(json).value());
        return parsed ? std::string("ok") : parsed.failure().code;
    };
    EXPECT_EQ(code(R"({"op":"fs.stat","path":"/x","follow":false,"mode":511,"user":"1:2"})"), "ok");
    for (const char *json :
         {R"({"op":"fs.stat"})", R"({"op":"fs.stat","path":"x"})", R"({"op":"fs.stat","path":"/x","mode":4096})",
          R"({"op":"fs.stat","path":"/x","depth":0})", R"({"op":"fs.stat","path":"/x","user":":1"})",
          R"({"op":"fs.stat","path":"/x","follow":1})", R"({"op":"fs.rename","path":"/x","to":""})"}) {
        EXPECT_EQ(code(json), "invalid-argument") << json;
    }
}

TEST(AgentFilePaths, APathIsSplitAtItsLastSlash) {
    EXPECT_EQ(split_path("/a/b").parent, "/a");
    EXPECT_EQ(split_path("/a/b").name, "b");
    EXPECT_EQ(split_path("/b").parent, "/");
    EXPECT_EQ(split_path("/a/").name, "");
    EXPECT_EQ(without_trailing_slashes("/a//"), "/a");
    EXPECT_EQ(without_trailing_slashes("//"), "/");
}

TEST(AgentFileFailure, EachErrnoHasItsCode) {
    const std::pair<int, const char *> codes[] = {
        {ENOENT, "file-not-found"}, {EEXIST, "file-exists"},    {ENOTDIR, "not-a-directory"}, {EISDIR, "is-a-directory"},
        {ENOTEMPTY, "not-empty"},   {EXDEV, "cross-device"},    {EACCES, "permission"},       {EROFS, "permission"},
        {EPERM, "permission"},      {ENOSPC, "no-space"},       {EDQUOT, "no-space"},         {ELOOP, "invalid-argument"},
        {EMFILE, "limit"},          {EINVAL, "invalid-argument"}, {EBUSY, "permission"},      {EFBIG, "limit"}};
    for (const auto &[error, code] : codes)
        EXPECT_EQ(file_failure("read", "/x", error).code, code) << error;
    EXPECT_EQ(file_failure("read", "/x", ENOENT).message, "Cannot read \"/x\": No such file or directory");
}

TEST(AgentWriteFile, AFileIsReplacedAsAWholeWithItsModeKept) {
    const TemporaryDirectory directory;
    put(directory / "file", "old");
    fs::permissions(directory / "file", fs::perms(0640));
    const Fd reader(::open((directory / "file").c_str(), O_RDONLY));
    EXPECT_EQ(run(request_for("fs.write", directory / "file"), "new").result, R"({"bytes":3})");
    EXPECT_EQ(get(directory / "file"), "new");
    EXPECT_EQ(read_all(reader.get(), 10).value(), "old");
    EXPECT_EQ(fs::status(directory / "file").permissions(), fs::perms(0640));
    EXPECT_EQ(count_in(directory.path()), 1u);
}

TEST(AgentWriteFile, LinksLeadToTheFileMeant) {
    const TemporaryDirectory directory;
    fs::create_directory(directory / "to");
    fs::create_symlink("to/new", directory / "link");
    EXPECT_EQ(run(request_for("fs.write", directory / "link"), "x").result, R"({"bytes":1})");
    EXPECT_EQ(get(directory / "to/new"), "x");
    EXPECT_TRUE(fs::is_symlink(directory / "link"));
    fs::create_symlink("round", directory / "round");
    EXPECT_EQ(run(request_for("fs.write", directory / "round"), "x").result, "invalid-argument");
}

TEST(AgentWriteFile, AppendingAndSpecialFilesAreInPlace) {
    const TemporaryDirectory directory;
    put(directory / "file", "a");
    fs::create_hard_link(directory / "file", directory / "same");
    FileRequest append = request_for("fs.write", directory / "file");
    append.append = true;
    EXPECT_EQ(run(append, "b").result, R"({"bytes":1})");
    EXPECT_EQ(get(directory / "same"), "ab");
    EXPECT_EQ(run(request_for("fs.write", "/dev/full"), "x").result, "no-space");
    EXPECT_EQ(run(request_for("fs.write", directory.path()), "x").result, "is-a-directory");
    EXPECT_EQ(run(request_for("fs.write", directory / "file/x"), "x").result, "not-a-directory");
}

TEST(AgentWriteFile, AWorkerThatIsToldToEndRemovesWhatItBegan) {
    const TemporaryDirectory directory;
    FedRing in;
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::signal(SIGTERM, Unfinished::end_early);
        [[maybe_unused]] const auto result =
            write_whole_file(request_for("fs.write", directory / "file"), {&in.reader, 1, 2});
        ::_exit(0);
    }
    while (fs::is_empty(directory.path())) {}
    ::kill(pid, SIGTERM);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
    EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(AgentReadFile, RangesAreExactAndDirectoriesRefused) {
    const TemporaryDirectory directory;
    put(directory / "file", "0123456789");
    FileRequest request = request_for("fs.read", directory / "file");
    EXPECT_EQ(run(request).output, "0123456789");
    request.start = 3;
    request.end = 6;
    EXPECT_EQ(run(request).output, "345");
    request.start = 20;
    request.end = 30;
    EXPECT_EQ(run(request).output, "");
    EXPECT_EQ(run(request_for("fs.read", directory.path())).result, "is-a-directory");
}

TEST(AgentListDirectory, RecordsHaveTypeAndPathAndGoAsDeepAsAsked) {
    const TemporaryDirectory directory;
    fs::create_directories(directory / "a/b");
    put(directory / "a/b/f", "");
    FileRequest request = request_for("fs.list", directory.path());
    EXPECT_EQ(run(request).output, std::string("da\0", 3));
    request.depth = 3;
    EXPECT_EQ(run(request).output, std::string("da\0da/b\0fa/b/f\0", 15));
    EXPECT_EQ(run(request_for("fs.list", directory / "a/b/f")).result, "not-a-directory");
}

TEST(AgentRemoveFile, ATreeGoesWithoutFollowingItsLinks) {
    const TemporaryDirectory directory;
    fs::create_directories(directory / "tree/a/b");
    fs::create_directory(directory / "kept");
    put(directory / "kept/file", "x");
    put(directory / "tree/a/b/file", "x");
    fs::create_directory_symlink(directory / "kept", directory / "tree/a/link");
    FileRequest request = request_for("fs.remove", directory / "tree");
    EXPECT_EQ(run(request).result, "not-empty");
    request.recursive = true;
    EXPECT_EQ(run(request).result, R"({"found":true})");
    EXPECT_EQ(run(request).result, R"({"found":false})");
    EXPECT_EQ(get(directory / "kept/file"), "x");
    request.path = directory / "kept/.";
    EXPECT_EQ(run(request).result, "invalid-argument");
}

TEST(AgentMakeDirectory, ParentsAreMadeAndAFileIsInTheWay) {
    const TemporaryDirectory directory;
    FileRequest request = request_for("fs.mkdir", directory / "a/b/c/");
    request.mode = 0700;
    EXPECT_EQ(run(request).result, "{}");
    EXPECT_EQ(run(request).result, "{}");
    EXPECT_EQ(fs::status(directory / "a/b/c").permissions(), fs::perms(0700));
    put(directory / "file", "");
    EXPECT_EQ(run(request_for("fs.mkdir", directory / "file")).result, "file-exists");
    EXPECT_EQ(run(request_for("fs.mkdir", directory / "file/x")).result, "not-a-directory");
}

} // namespace
} // namespace boxlite
