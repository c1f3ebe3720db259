#include "agent/users.hpp"
#include <array>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace boxlite {
namespace {

using namespace std::string_literals;

const std::string passwd =
    "root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1001:Bob,,,:/home/bob:/bin/sh\n1234:x:7:8::/odd:\n";
const std::string group = "root:x:0:\nvideo:x:44:bob,alice\naudio:x:29:alice,bob\nbobs:x:1001:\nagain:x:44:bob\n";

struct Resolved {
    UnknownName unknown;
    Identity identity;
    std::vector<gid_t> groups;
};

Resolved resolve(std::string_view spec, std::string_view users = passwd, std::string_view groups = group) {
    std::array<gid_t, 8> room{};
    Resolved resolved{};
    resolved.unknown = resolve_identity(*parse_user_spec(spec), users, groups, room, resolved.identity);
    resolved.groups.assign(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(resolved.identity.group_count));
    return resolved;
}

TEST(AgentUsers, ANameBringsItsGroupItsMembershipsAndItsHome) {
    const Resolved bob = resolve("bob");
    EXPECT_EQ(bob.identity.uid, 1000u);
    EXPECT_EQ(bob.identity.gid, 1001u);
    EXPECT_EQ(bob.groups, (std::vector<gid_t>{44, 29}));
    EXPECT_EQ(bob.identity.home, "/home/bob");
}

TEST(AgentUsers, AUidThatPasswdKnowsIsThatUser) {
    const Resolved bob = resolve("1000");
    EXPECT_EQ(bob.identity.name, "bob");
    EXPECT_EQ(bob.groups, (std::vector<gid_t>{44, 29}));
}

TEST(AgentUsers, AnUnknownUidHasGroupZeroAndNoName) {
    const Resolved unknown = resolve("4242");
    EXPECT_EQ(unknown.identity.uid, 4242u);
    EXPECT_EQ(unknown.identity.gid, 0u);
    EXPECT_TRUE(unknown.identity.name.empty());
    EXPECT_TRUE(unknown.groups.empty());
}

TEST(AgentUsers, AnExplicitGroupLeavesNoOthers) {
    const Resolved named = resolve("bob:video");
    EXPECT_EQ(named.identity.gid, 44u);
    EXPECT_TRUE(named.groups.empty());
    EXPECT_EQ(resolve("bob:4711").identity.gid, 4711u);
}

TEST(AgentUsers, ANameMadeOfDigitsWinsOverTheNumber) {
    EXPECT_EQ(resolve("1234").identity.uid, 7u);
}

TEST(AgentUsers, UnknownNamesAreToldApart) {
    EXPECT_EQ(resolve("nobody").unknown, UnknownName::user);
    EXPECT_EQ(resolve("bob:nogroup").unknown, UnknownName::group);
}

TEST(AgentUsers, AnImageWithoutPasswdHasARoot) {
    const Resolved root = resolve("root", "", "");
    EXPECT_EQ(root.unknown, UnknownName::none);
    EXPECT_EQ(root.identity.uid, 0u);
}

TEST(AgentUsers, HalfSpecsAreNone) {
    for (const std::string &text : {""s, ":"s, "bob:"s, ":video"s, "a:b:c"s, "a\nb"s, "a\0b"s}) {
        EXPECT_FALSE(parse_user_spec(text)) << text;
    }
}

TEST(AgentUsers, IdsAreDecimalAndNeverTheOneThatMeansUnchanged) {
    EXPECT_EQ(parse_id("0"), 0u);
    EXPECT_EQ(parse_id("4294967294"), 4294967294u);
    for (const char *text : {"", "-1", "+1", " 1", "1 ", "0x1", "4294967295", "4294967296", "99999999999999999999"}) {
        EXPECT_FALSE(parse_id(text)) << text;
    }
}

TEST(AgentUsers, LinesThatCannotBeReadArePassedOver) {
    const std::string hostile =
        "\n:::::\nbob\nbob:x:notanumber:0::/a:\nbob:x:-1:0::/b:\nbob:x:4294967295:0::/c:\nbob:x:5\n"
        "b\0b:x:6:6::/d:\n+::::::\nbob:x:1000:1000::/right:/bin/sh"s;
    EXPECT_EQ(resolve("bob", hostile).identity.home, "/right");
    EXPECT_EQ(resolve("root", hostile + "\nroot:x:0:0::/ro\0ot:"s).identity.home, "");
}

TEST(AgentUsers, MembershipsStopWhereThereIsNoRoom) {
    std::string many;
    for (int i = 1; i <= 100; ++i)
        many += "g" + std::to_string(i) + ":x:" + std::to_string(i) + ":x,bob,y\n";
    EXPECT_EQ(resolve("bob", passwd, many).groups.size(), 8u);
}

TEST(AgentUsers, PartOfAMemberIsNoMember) {
    EXPECT_TRUE(resolve("bob", passwd, "a:x:1:bobby\nb:x:2:abob\nc:x:3: bob\nd:x:4:b,ob\n").groups.empty());
}

TEST(AgentUsers, RandomBytesAreReadWithoutHarm) {
    std::mt19937 random(1);
    const std::string letters = "ab0:\n,\0-9"s;
    for (int round = 0; round < 2000; ++round) {
        std::string text(random() % 200, ' ');
        for (char &c : text)
            c = letters[random() % letters.size()];
        const Resolved any = resolve(round % 2 == 0 ? "a" : "0:b", text, text);
        EXPECT_LE(any.groups.size(), 8u);
    }
}

} // namespace
} // namespace boxlite
