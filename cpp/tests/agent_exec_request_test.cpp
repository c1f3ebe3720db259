#include "agent/boot_document.hpp"
#include "agent/exec_request.hpp"
#include <gtest/gtest.h>

namespace boxlite {
namespace {

// A whole request with some members in other words.
Result<ExecRequest> parse_with(const std::string &argv, const std::string &env = "{}", const std::string &more = "") {
    const std::string text = R"({"op":"exec","shell":false,"stdin":false,"announce":false,"killSignal":15,"killGraceMs":2000,"argv":)" +
                             argv + R"(,"env":)" + env + more + "}";
    const auto json = Json::parse(text);
    if (!json) return json.failure();
    return parse_exec_request(json.value());
}

std::string code_of(const Result<ExecRequest> &parsed) {
    return parsed ? "none" : parsed.failure().code;
}

TEST(AgentExecRequest, WhatIsAbsentHasItsDefault) {
    const auto parsed = parse_with(R"(["ls"])");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed.value().cwd, "/");
    EXPECT_EQ(parsed.value().user, "0");
    EXPECT_EQ(parsed.value().environment,
              (std::vector<std::string>{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}));
}

TEST(AgentExecRequest, AGivenPathIsKept) {
    EXPECT_EQ(parse_with(R"(["ls"])", R"({"PATH":""})").value().environment, (std::vector<std::string>{"PATH="}));
}

TEST(AgentExecRequest, ArgvHasAnElementAndNoNul) {
    EXPECT_EQ(code_of(parse_with("[]")), "invalid-argument");
    EXPECT_EQ(code_of(parse_with(R"(["a\u0000b"])")), "invalid-argument");
    EXPECT_EQ(code_of(parse_with(R"(["a",1])")), "invalid-argument");
    EXPECT_EQ(code_of(parse_with(R"("a")")), "invalid-argument");
    EXPECT_EQ(code_of(parse_with(R"([""])")), "none");
}

TEST(AgentExecRequest, VariablesHaveNamesWithoutEqualsSignOrNul) {
    for (const char *env :
         {R"({"":"x"})", R"({"A=B":"x"})", R"({"A\u0000":"x"})", R"({"A":"\u0000"})", R"({"A":1})", "[]"}) {
        EXPECT_EQ(code_of(parse_with(R"(["a"])", env)), "invalid-argument") << env;
    }
}

TEST(AgentExecRequest, ATerminalHasASizeAndBringsATerm) {
    const auto parsed = parse_with(R"(["a"])", "{}", R"(,"tty":{"cols":100,"rows":30})");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed.value().terminal->columns, 100);
    EXPECT_EQ(parsed.value().terminal->rows, 30);
    EXPECT_EQ(parsed.value().environment.back(), "TERM=xterm-256color");
    const auto given = parse_with(R"(["a"])", R"({"PATH":"/","TERM":"dumb"})", R"(,"tty":{"cols":1,"rows":1})");
    EXPECT_EQ(given.value().environment, (std::vector<std::string>{"PATH=/", "TERM=dumb"}));
    EXPECT_FALSE(parse_with(R"(["a"])").value().terminal);
    for (const char *tty : {"true", R"({"cols":0,"rows":1})", R"({"cols":1})", R"({"cols":1,"rows":65536})"}) {
        EXPECT_EQ(code_of(parse_with(R"(["a"])", "{}", std::string(",\"tty\":") + tty)), "invalid-argument") << tty;
    }
}

TEST(AgentExecRequest, LimitsAreOptionalAndAboveZero) {
    const auto none = parse_with(R"(["a"])").value().limits;
    EXPECT_FALSE(none.memory_bytes || none.cpu_thousandths || none.processes);
    const auto some = parse_with(R"(["a"])", "{}", R"(,"limits":{"memoryBytes":4096,"processes":7})").value().limits;
    EXPECT_EQ(some.memory_bytes, 4096);
    EXPECT_EQ(some.processes, 7);
    EXPECT_FALSE(some.cpu_thousandths);
    EXPECT_EQ(code_of(parse_with(R"(["a"])", "{}", R"(,"limits":{"processes":0})")), "invalid-argument");
    EXPECT_EQ(code_of(parse_with(R"(["a"])", "{}", R"(,"detached":true,"lifeMs":0)")), "invalid-argument");
}

TEST(AgentExecRequest, TheDirectoryIsAbsolute) {
    for (const char *cwd : {R"("")", R"("a")", R"("./a")", R"("/a\u0000")", "1"}) {
        EXPECT_EQ(code_of(parse_with(R"(["a"])", "{}", R"(,"cwd":)" + std::string(cwd))), "invalid-argument") << cwd;
    }
}

TEST(AgentExecRequest, HalfUsersAreRefused) {
    for (const char *user : {R"("")", R"("bob:")", R"(":video")", R"("a:b:c")", "1"}) {
        EXPECT_EQ(code_of(parse_with(R"(["a"])", "{}", R"(,"user":)" + std::string(user))), "invalid-argument") << user;
    }
}

TEST(AgentExecRequest, OneStringStaysBelow128KiBWithItsNul) {
    EXPECT_EQ(code_of(parse_with("[\"" + std::string(131'071, 'a') + "\"]")), "none");
    EXPECT_EQ(code_of(parse_with("[\"" + std::string(131'072, 'a') + "\"]")), "limit");
    EXPECT_EQ(code_of(parse_with(R"(["a"])", R"({"A":")" + std::string(131'070, 'a') + "\"}")), "limit");
}

TEST(AgentExecRequest, AllStringsStayWithinOneMiBWithTheirNuls) {
    const std::string piece = "\"" + std::string(99'999, 'a') + "\"";
    std::string argv = "[" + piece;
    for (int i = 1; i < 10; ++i)
        argv += "," + piece;
    // 10 × 100,000 and "PATH=" with its NUL.
    const std::string fits(1'048'576 - 1'000'000 - 6 - 1, 'a');
    EXPECT_EQ(code_of(parse_with(argv + ",\"" + fits + "\"]", R"({"PATH":""})")), "none");
    EXPECT_EQ(code_of(parse_with(argv + ",\"" + fits + "a\"]", R"({"PATH":""})")), "limit");
}

TEST(AgentExecRequest, SignalsAndGracesHaveTheirRange) {
    for (const char *members : {R"("killSignal":0,"killGraceMs":1)", R"("killSignal":65,"killGraceMs":1)",
                                R"("killSignal":15,"killGraceMs":-1)", R"("killSignal":1.5,"killGraceMs":1)"}) {
        const auto json =
            Json::parse(R"({"argv":["a"],"env":{},"shell":false,"stdin":false,"announce":false,)" + std::string(members) + "}");
        EXPECT_EQ(code_of(parse_exec_request(json.value())), "invalid-argument") << members;
    }
}

TEST(AgentBootDocument, ItsMembersAreRead) {
    const auto boot = parse_boot_document(R"({"hostname":"k3","clockNs":"1700000000000000000","growDisk":true})");
    ASSERT_TRUE(boot);
    EXPECT_EQ(boot.value().clock_ns, 1'700'000'000'000'000'000);
    EXPECT_TRUE(boot.value().grow_disk);
}

TEST(AgentBootDocument, AHostnameThatWouldBreakHostsIsRefused) {
    for (const char *name : {R"("")", R"("a b")", R"("a\nb")", R"("a#b")"}) {
        EXPECT_FALSE(parse_boot_document(R"({"clockNs":"1","growDisk":false,"hostname":)" + std::string(name) + "}"))
            << name;
    }
}

TEST(AgentBootDocument, AClockThatIsNoNumberIsRefused) {
    for (const char *clock : {R"("")", R"("-1")", R"("1x")", R"("99999999999999999999")", "1"}) {
        EXPECT_FALSE(parse_boot_document(R"({"hostname":"a","growDisk":false,"clockNs":)" + std::string(clock) + "}"))
            << clock;
    }
}

} // namespace
} // namespace boxlite
