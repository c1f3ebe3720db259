#include "agent/environment.hpp"
#include <array>
#include <gtest/gtest.h>

namespace boxlite {
namespace {

std::vector<std::string> candidates(std::string_view path, std::string_view name, std::size_t room = 4096) {
    std::vector<char> buffer(room);
    std::vector<std::string> found;
    PathSearch search(path, name);
    while (search.next(buffer))
        found.emplace_back(buffer.data());
    return found;
}

TEST(AgentEnvironment, PathIsSearchedInItsOrder) {
    EXPECT_EQ(candidates("/usr/bin:/bin", "ls"), (std::vector<std::string>{"/usr/bin/ls", "/bin/ls"}));
}

TEST(AgentEnvironment, AnEmptyElementOfPathIsTheWorkingDirectory) {
    EXPECT_EQ(candidates("", "ls"), (std::vector<std::string>{"ls"}));
    EXPECT_EQ(candidates(":/bin", "ls"), (std::vector<std::string>{"ls", "/bin/ls"}));
    EXPECT_EQ(candidates("/bin:", "ls"), (std::vector<std::string>{"/bin/ls", "ls"}));
    EXPECT_EQ(candidates("/a::/b", "x"), (std::vector<std::string>{"/a/x", "x", "/b/x"}));
}

TEST(AgentEnvironment, CandidatesThatDoNotFitArePassedOver) {
    EXPECT_EQ(candidates("/" + std::string(100, 'a') + ":/b", "x", 5), (std::vector<std::string>{"/b/x"}));
    EXPECT_TRUE(candidates("/b", "xx", 5).empty());
}

TEST(AgentEnvironment, AVariableIsFoundByItsWholeName) {
    const std::vector<std::string> environment{"PATHS=/no", "PATH=/bin", "EMPTY="};
    EXPECT_EQ(find_variable(environment, "PATH"), "/bin");
    EXPECT_NE(find_variable(environment, "EMPTY").data(), nullptr);
    EXPECT_EQ(find_variable(environment, "PAT").data(), nullptr);
    EXPECT_EQ(find_variable(environment, "PATH=/bin").data(), nullptr);
}

TEST(AgentEnvironment, JoinedTextUsesUpItsRoom) {
    std::array<char, 12> buffer{};
    std::span<char> room(buffer);
    EXPECT_STREQ(join_into(room, "HOME=", "/a"), "HOME=/a");
    EXPECT_EQ(room.size(), 4u);
    EXPECT_EQ(join_into(room, "ab", "cd"), nullptr);
    EXPECT_STREQ(join_into(room, "abc", ""), "abc");
}

} // namespace
} // namespace boxlite
