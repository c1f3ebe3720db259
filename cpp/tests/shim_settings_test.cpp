#include "shim/settings.hpp"
#include <gtest/gtest.h>
#include <string>

namespace boxlite {
namespace {

const std::string good = R"({
  "version": 1, "boxId": "k3abcdefgh12", "nonce": "00112233445566778899aabbccddeeff", "engine": "qemu",
  "directory": "/home/b", "sockets": {"box": "/tmp/bl-0/x/box.sock", "agent": "/tmp/bl-0/x/agent.sock"}, "cgroup": null,
  "machine": {"cpus": 2, "memoryMiB": 512}, "disks": [{"path": "/a.ext4", "readonly": true}],
  "programs": {"vmm": "", "libkrun": "", "libkrunfw": "", "qemu": "/usr/bin/qemu", "kernel": "/k"},
  "bootTimeoutMs": 60000, "lifeline": true, "boot": {"hostname": "h", "later": [1, 2]}})";

std::string with(const std::string &from, const std::string &to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

std::string refusal(const std::string &text) {
    const auto settings = parse_shim_settings(text);
    if (settings) return "";
    EXPECT_EQ(settings.failure().code, "invalid-argument");
    return settings.failure().message;
}

TEST(ShimSettings, AWholeDocumentIsRead) {
    const auto settings = parse_shim_settings(good);
    ASSERT_TRUE(settings) << settings.failure().message;
    EXPECT_EQ(settings.value().box_id, "k3abcdefgh12");
    EXPECT_EQ(settings.value().engine, EngineName::qemu);
    EXPECT_FALSE(settings.value().cgroup);
    EXPECT_EQ(settings.value().disks.size(), 1u);
    EXPECT_TRUE(settings.value().lifeline);
    EXPECT_EQ(settings.value().boot, R"({"hostname":"h","later":[1,2]})");
}

TEST(ShimSettings, ARefusalNamesTheMember) {
    const std::pair<std::string, std::string> cases[] = {
        {with(R"("version": 1)", R"("version": 2)"), "version"},
        {with("k3abcdefgh12", "k3abcdefgh1"), "boxId"},
        {with("k3abcdefgh12", "k3abcdefgh1/"), "boxId"},
        {with("00112233445566778899aabbccddeeff", "xyz"), "nonce"},
        {with(R"("engine": "qemu")", R"("engine": "docker")"), "engine"},
        {with(R"("/home/b")", R"("home/b")"), "directory"},
        {with(R"("/home/b")", "\"/home\\u0000b\""), "directory"},
        {with("/tmp/bl-0/x/box.sock", ""), "box"},
        {with(R"("cgroup": null)", R"("cgroup": 5)"), "cgroup"},
        {with(R"("cpus": 2)", R"("cpus": 0)"), "cpus"},
        {with(R"("cpus": 2)", R"("cpus": 2.5)"), "cpus"},
        {with(R"("memoryMiB": 512)", R"("memoryMiB": 1)"), "memoryMiB"},
        {with(R"([{"path": "/a.ext4", "readonly": true}])", "[]"), "disks"},
        {with(R"("readonly": true)", R"("readonly": "yes")"), "readonly"},
        {with("/usr/bin/qemu", ""), "qemu"},
        {with(R"("bootTimeoutMs": 60000)", R"("bootTimeoutMs": -1)"), "bootTimeoutMs"},
        {with(R"("lifeline": true)", R"("lifeline": 1)"), "lifeline"},
        {with(R"({"hostname": "h", "later": [1, 2]})", "null"), "boot"},
    };
    for (const auto &[text, member] : cases)
        EXPECT_NE(refusal(text).find("`" + member + "`"), std::string::npos) << member;
}

TEST(ShimSettings, OnlyTheProgramsOfTheEngineInUseAreNeeded) {
    EXPECT_NE(refusal(with(R"("engine": "qemu")", R"("engine": "krun")")).find("`vmm`"), std::string::npos);
}

TEST(ShimSettings, ADocumentCutAnywhereIsRefused) {
    for (std::size_t length = 0; length < good.size(); ++length)
        EXPECT_FALSE(parse_shim_settings(good.substr(0, length)));
}

} // namespace
} // namespace boxlite
