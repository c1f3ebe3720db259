#include "common/io.hpp"
#include "common/json.hpp"
#include "shim/bounded_log.hpp"
#include "temporary_directory.hpp"
#include <gtest/gtest.h>

namespace boxlite {
namespace {

TEST(BoundedLog, AGuestThatWritesForEverFillsTwoFilesAtMost) {
    const TemporaryDirectory directory;
    BoundedLog log(directory / "console.log");
    const std::string line(999, 'x');
    for (int i = 0; i < 5000; ++i)
        log.write(line + "\n");
    EXPECT_LE(std::filesystem::file_size(directory / "console.log"), BoundedLog::limit);
    EXPECT_LE(std::filesystem::file_size(directory / "console.log.1"), BoundedLog::limit);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 2);
}

TEST(BoundedLog, ALaterRunWritesOnAndCountsWhatIsThere) {
    const TemporaryDirectory directory;
    BoundedLog(directory / "log").write(std::string(BoundedLog::limit - 1, 'a'));
    BoundedLog later(directory / "log");
    later.write("b");
    EXPECT_EQ(std::filesystem::file_size(directory / "log"), BoundedLog::limit);
    later.write("c");
    EXPECT_EQ(read_file(directory / "log", 10).value(), "c");
}

TEST(BoundedLog, ALinkInItsPlaceIsNotFollowed) {
    const TemporaryDirectory directory;
    std::filesystem::create_symlink(directory / "victim", directory / "log");
    BoundedLog(directory / "log").write("text");
    EXPECT_FALSE(std::filesystem::exists(directory / "victim"));
}

TEST(Tail, TheLastBytesAreKeptAcrossPieces) {
    Tail tail;
    for (int i = 0; i < 10'000; ++i)
        tail.add("line " + std::to_string(i) + "\n");
    const std::string last = tail.last(100);
    EXPECT_LE(last.size(), 100u);
    EXPECT_TRUE(last.ends_with("line 9998\nline 9999\n"));
    EXPECT_EQ(tail.last_line(), "line 9999");
}

TEST(Tail, TheLastLineWithAWordIsFoundWhole) {
    Tail tail;
    tail.add("first ERROR one\r\nsecond ERROR two\r\nthird\r\n");
    EXPECT_EQ(tail.last_line_with("ERROR"), "second ERROR two");
    EXPECT_EQ(tail.last_line_with("first"), "first ERROR one");
    EXPECT_EQ(tail.last_line_with("absent"), "");
    EXPECT_EQ(tail.last_line(), "third");
}

TEST(Tail, WordsTornBetweenTwoPiecesAreFound) {
    Tail tail;
    tail.add("Kernel pa");
    EXPECT_FALSE(tail.contains("Kernel panic"));
    tail.add("nic - not syncing");
    EXPECT_TRUE(tail.contains("Kernel panic"));
}

TEST(Tail, WhateverTheGuestWroteComesOutAsUtf8WithinTheLimit) {
    Tail tail;
    for (int i = 0; i < 5000; ++i)
        tail.add(i % 3 == 0 ? "\xff\xfe" : "\xe2\x82\xac");
    for (std::size_t limit = 0; limit < 64; ++limit) {
        const std::string last = tail.last(limit);
        EXPECT_LE(last.size(), limit);
        EXPECT_EQ(valid_utf8(last), last);
    }
    EXPECT_EQ(Tail().last(10), "");
    EXPECT_EQ(Tail().last_line(), "");
}

} // namespace
} // namespace boxlite
