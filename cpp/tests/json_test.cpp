#include "common/json.hpp"
#include <gtest/gtest.h>

namespace boxlite {
namespace {

Json parsed(std::string_view text) {
    return Json::parse(text).value();
}

TEST(Json, TextThatIsNotOneDocumentIsRefused) {
    for (const char *text : {"", "{", "{}{}", "{'a':1}", "\xff", "{\"a\":\"\xc3\x28\"}", "nul"})
        EXPECT_FALSE(Json::parse(text)) << text;
}

TEST(Json, DeepNestingIsNoHarm) {
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    EXPECT_TRUE(Json::parse(deep));
    EXPECT_FALSE(Json::parse(std::string(200'000, '[')));
}

TEST(Json, AMemberOfAnotherTypeIsNamedWithWhatCame) {
    const Json json = parsed(R"({"a":1,"b":"x","c":null,"d":[1],"e":{"k":2}})");
    EXPECT_EQ(json.string("a").failure().message, "Expected a string for `a` but received number");
    EXPECT_EQ(json.string("c").failure().message, "Expected a string for `c` but received nothing");
    EXPECT_EQ(json.boolean("b").failure().code, "invalid-argument");
    EXPECT_EQ(json.strings("d").failure().message, "Expected an array of strings for `d` but received number");
    EXPECT_EQ(json.string_map("e").failure().message, "Expected a string for `e.k` but received number");
    EXPECT_FALSE(json.object("d"));
    EXPECT_FALSE(json.objects("d"));
}

TEST(Json, IntegersKeepTheirRange) {
    const Json json = parsed(R"({"a":5,"b":5.5,"c":18446744073709551615,"d":-1,"e":1e30})");
    EXPECT_EQ(json.integer("a", 0, 5).value(), 5);
    for (const char *key : {"b", "c", "d", "e"})
        EXPECT_FALSE(json.integer(key, 0, INT64_MAX)) << key;
    EXPECT_FALSE(json.integer("a", 0, 4));
}

TEST(Json, AnInnerValueOutlivesTheDocument) {
    Json inner = parsed(R"({"a":{"b":["x","y"]}})").object("a").value();
    EXPECT_EQ(inner.strings("b").value(), (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(inner.text(), R"({"b":["x","y"]})");
}

TEST(Json, WhatTheWriterWritesTheParserReads) {
    const std::string odd = "quote\" back\\ line\n nul" + std::string(1, '\0') + " é";
    JsonWriter inner;
    inner.member("list", std::vector<std::string>{"a", "b"});
    const std::string text = JsonWriter()
                                 .member("text", odd)
                                 .member("yes", true)
                                 .member("n", -5)
                                 .member("none", nullptr)
                                 .member("inner", inner)
                                 .member_ms("ms", 12.345)
                                 .text();
    const Json json = parsed(text);
    EXPECT_EQ(json.string("text").value(), odd);
    EXPECT_TRUE(json.boolean("yes").value());
    EXPECT_EQ(json.integer("n", -10, 10).value(), -5);
    EXPECT_FALSE(json.has("none"));
    EXPECT_EQ(json.object("inner").value().strings("list").value().size(), 2u);
    EXPECT_NE(text.find("\"ms\":12.3"), std::string::npos);
}

TEST(Json, InvalidUtf8BecomesReplacementCharacters) {
    EXPECT_EQ(valid_utf8("a\xff"), "a\xef\xbf\xbd");
    EXPECT_EQ(valid_utf8("\xe2\x82\xac"), "\xe2\x82\xac");
    EXPECT_TRUE(Json::parse(JsonWriter().member("t", "\xc3\x28\x80").text()));
}

} // namespace
} // namespace boxlite
