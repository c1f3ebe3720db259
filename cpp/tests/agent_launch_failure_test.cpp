#include "agent/denial.hpp"
#include "agent/launch.hpp"
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>

namespace boxlite {
namespace {

using namespace std::string_literals;

Failure failure(LaunchStep step, int error, const char *program = "", Denial denial = Denial::none,
                const char *interpreter = "") {
    ExecRequest request;
    request.argv = {"x"};
    request.cwd = "/work";
    request.user = "bob";
    LaunchReport report;
    report.step = step;
    report.error = error;
    report.denial = denial;
    std::strcpy(report.program.data(), program);
    std::strcpy(report.interpreter.data(), interpreter);
    return launch_failure(request, report);
}

struct Expected {
    Failure failed;
    const char *code;
    const char *message;
};

TEST(AgentLaunchFailure, EachReasonHasItsCodeAndItsWords) {
    const Expected table[] = {
        {failure(LaunchStep::search, ENOENT, "ls"), "exec-not-found", "Cannot run \"ls\": not found in PATH"},
        {failure(LaunchStep::program, ENOENT, "/ls"), "exec-not-found", "Cannot run \"/ls\": no such file"},
        {failure(LaunchStep::program, ENOTDIR, "/a/b"), "exec-not-found",
         "Cannot run \"/a/b\": a part of its path is not a directory"},
        {failure(LaunchStep::program, ENAMETOOLONG, "/a"), "exec-not-found", "Cannot run \"/a\": its path is too long"},
        {failure(LaunchStep::program, EACCES, "/a", Denial::not_executable), "exec-denied",
         "Cannot run \"/a\": not executable"},
        {failure(LaunchStep::program, EACCES, "/a", Denial::directory), "exec-denied",
         "Cannot run \"/a\": is a directory"},
        {failure(LaunchStep::program, EACCES, "/a"), "exec-denied", "Cannot run \"/a\": Permission denied"},
        {failure(LaunchStep::program, ELOOP, "/a"), "exec-denied",
         "Cannot run \"/a\": Too many levels of symbolic links"},
        {failure(LaunchStep::program, ENOENT, "/a", Denial::interpreter, "/i"), "exec-denied",
         "Cannot run \"/a\": bad interpreter \"/i\": no such file"},
        {failure(LaunchStep::program, EACCES, "/a", Denial::interpreter, "/i"), "exec-denied",
         "Cannot run \"/a\": bad interpreter \"/i\": not executable"},
        {failure(LaunchStep::program, ENOEXEC, "/a", Denial::format), "exec-denied",
         "Cannot run \"/a\": not a program of this machine, and without a #! line"},
        {failure(LaunchStep::program, E2BIG, "/a"), "limit",
         "Cannot run \"/a\": its arguments and variables are too large"},
        {failure(LaunchStep::directory, ENOENT), "file-not-found",
         "Cannot run the command in \"/work\": no such directory"},
        {failure(LaunchStep::directory, ENOTDIR), "not-a-directory",
         "Cannot run the command in \"/work\": not a directory"},
        {failure(LaunchStep::directory, EACCES), "permission",
         "Cannot run the command in \"/work\": the user may not enter it"},
        {failure(LaunchStep::unknown_user, ENOENT), "invalid-argument", "Unknown user in \"bob\""},
        {failure(LaunchStep::unknown_group, ENOENT), "invalid-argument", "Unknown group in \"bob\""},
        {failure(LaunchStep::setup, EAGAIN), "limit",
         "Cannot set up the command in the box: Resource temporarily unavailable"},
    };
    for (const auto &[failed, code, message] : table) {
        EXPECT_EQ(failed.code, code) << message;
        EXPECT_EQ(failed.message, message);
    }
}

TEST(AgentDenial, AScriptNamesItsInterpreter) {
    EXPECT_EQ(find_interpreter("#!/bin/sh\necho"), "/bin/sh");
    EXPECT_EQ(find_interpreter("#! \t/usr/bin/env python\n"), "/usr/bin/env");
    EXPECT_EQ(find_interpreter("#!/bin/sh\r\n"), "/bin/sh");
    EXPECT_EQ(find_interpreter("#!/bin/sh"), "/bin/sh");
    for (const std::string_view head : {"#!", "#!\n/bin/sh", "#!   ", "echo", "", "#"})
        EXPECT_EQ(find_interpreter(head), "") << head;
}

std::string elf_with_interpreter(std::uint64_t offset, const std::string &name) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_phoff = sizeof header;
    header.e_phnum = 1;
    Elf64_Phdr segment{};
    segment.p_type = PT_INTERP;
    segment.p_offset = offset;
    segment.p_filesz = name.size() + 1;
    std::string bytes(reinterpret_cast<const char *>(&header), sizeof header);
    bytes.append(reinterpret_cast<const char *>(&segment), sizeof segment);
    return bytes + name + '\0';
}

TEST(AgentDenial, AProgramNamesItsLoader) {
    constexpr std::uint64_t behind_headers = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
    EXPECT_EQ(find_interpreter(elf_with_interpreter(behind_headers, "/lib/ld.so")), "/lib/ld.so");
    EXPECT_EQ(find_interpreter(elf_with_interpreter(1u << 30, "/lib/ld.so")), "");
    EXPECT_EQ(find_interpreter(elf_with_interpreter(UINT64_MAX, "/lib/ld.so")), "");
    const std::string whole = elf_with_interpreter(behind_headers, "/lib/ld.so");
    for (std::size_t length = 0; length < whole.size(); ++length)
        find_interpreter(std::string_view(whole).substr(0, length));
}

} // namespace
} // namespace boxlite
