#include "agent/files/file_operations.hpp"
#include "common/io.hpp"
#include "temporary_directory.hpp"
#include <chrono>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

namespace boxlite {
namespace {

namespace fs = std::filesystem;

// A worker that watches, in a process of its own as in the box.
class Watching {
public:
    Watching(const std::string &path, bool recursive) {
        FileRequest request;
        request.path = path;
        request.recursive = recursive;
        pid_ = ::fork();
        if (pid_ == 0) {
            out_.read.reset();
            const auto result = watch_files(request, {0, out_.write.get(), word_.write.get()});
            ::_exit(result ? 0 : 1);
        }
        out_.write.reset();
        word_.write.reset();
        char started = 0;
        EXPECT_EQ(::read(word_.read.get(), &started, 1), 1);
        EXPECT_EQ(started, 'S');
    }
    Watching(const Watching &) = delete;
    Watching &operator=(const Watching &) = delete;
    ~Watching() {
        out_.read.reset();
        int status = 0;
        ::waitpid(pid_, &status, 0);
        EXPECT_EQ(status, 0);
    }

    // What came until the record `last`, without it, '\0' as '|'.
    std::string until(const std::string &last) {
        std::string seen;
        while (!seen.ends_with(last + "|")) {
            pollfd ready{out_.read.get(), POLLIN, 0};
            char byte = 0;
            if (::poll(&ready, 1, 20'000) != 1 || ::read(out_.read.get(), &byte, 1) != 1) return "ended: " + seen;
            seen.push_back(byte == '\0' ? '|' : byte);
        }
        return seen.substr(0, seen.size() - last.size() - 1);
    }

private:
    Pipe out_ = std::move(make_pipe().value());
    Pipe word_ = std::move(make_pipe().value());
    pid_t pid_ = -1;
};

void put(const std::string &path) {
    std::ofstream(path) << "x";
}

TEST(AgentWatch, EventsHaveKindsAndAbsolutePathsAndARenameIsOne) {
    const TemporaryDirectory directory;
    const std::string at = directory.path() + "/";
    Watching watching(directory.path(), false);
    put(at + "a");
    fs::rename(at + "a", at + "b");
    fs::remove(at + "b");
    put(at + "mark");
    EXPECT_EQ(watching.until("c" + at + "mark"),
              "c" + at + "a|w" + at + "a|r" + at + "b|" + at + "a|d" + at + "b|");
}

TEST(AgentWatch, WhatIsMadeOrRenamedLaterIsWatchedToo) {
    const TemporaryDirectory directory;
    const TemporaryDirectory elsewhere;
    const std::string at = directory.path() + "/";
    fs::create_directories(at + "old/deep");
    Watching watching(directory.path(), true);
    fs::rename(at + "old", at + "new");
    put(at + "new/deep/f");
    EXPECT_EQ(watching.until("w" + at + "new/deep/f"), "r" + at + "new|" + at + "old|c" + at + "new/deep/f|");
    fs::create_directory(at + "made");
    EXPECT_EQ(watching.until("c" + at + "made"), "");
    fs::rename(at + "new", elsewhere / "new");
    EXPECT_EQ(watching.until("d" + at + "new"), "");
    put(elsewhere / "new/deep/unseen");
    put(at + "mark");
    EXPECT_EQ(watching.until("c" + at + "mark"), "");
}

TEST(AgentWatch, AFileIsWatchedByItsNameAndTheEndOfADirectoryEndsIt) {
    const TemporaryDirectory directory;
    const std::string at = directory.path() + "/";
    fs::create_directory(at + "dir");
    put(at + "dir/file");
    Watching watching(at + "dir/file", false);
    put(at + "dir/other");
    fs::rename(at + "dir/other", at + "dir/file");
    EXPECT_EQ(watching.until(at + "dir/other"), "r" + at + "dir/file|");
    Watching ended(at + "dir", false);
    fs::remove_all(at + "dir");
    EXPECT_EQ(ended.until("d" + at + "dir"), "d" + at + "dir/file|");
}

} // namespace
} // namespace boxlite
