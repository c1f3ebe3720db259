#include "common/io.hpp"
#include "common/json.hpp"
#include "shim/exit_record.hpp"
#include "temporary_directory.hpp"
#include <gtest/gtest.h>

namespace boxlite {
namespace {

struct Row {
    const char *what;
    ExitFacts facts;
    const char *reason;
};

const Row table[] = {
    {"stop, bye within the grace", {.asked_by = Ender::request, .bye = 0, .code = 0}, "stopped"},
    {"stop, bye, then it had to be ended",
     {.asked_by = Ender::request, .bye = 0, .cut_off = true, .signal = 15},
     "stopped"},
    {"stop, something was killed in the guest", {.asked_by = Ender::request, .bye = 1, .code = 0}, "killed"},
    {"stop, the clock ran out", {.asked_by = Ender::request, .cut_off = true, .signal = 15}, "killed"},
    {"force", {.asked_by = Ender::request, .cut_off = true, .signal = 9}, "killed"},
    {"force on a guest that had panicked",
     {.asked_by = Ender::request, .cut_off = true, .panic = true, .signal = 9},
     "killed"},
    {"stop, panic before the bye", {.asked_by = Ender::request, .panic = true, .code = 0}, "crash"},
    {"stop, another's signal before the bye", {.asked_by = Ender::request, .signal = 9}, "crash"},
    {"stop, the guest ended without a bye", {.asked_by = Ender::request, .code = 0}, "guest-exit"},
    {"stop, the guest halted without a bye",
     {.asked_by = Ender::request, .cut_off = true, .halted = true},
     "guest-exit"},
    {"lifeline, bye", {.asked_by = Ender::lifeline, .bye = 0, .code = 0}, "host-exit"},
    {"lifeline, something was killed", {.asked_by = Ender::lifeline, .bye = 1, .code = 0}, "killed"},
    {"lifeline, the clock ran out", {.asked_by = Ender::lifeline, .cut_off = true, .signal = 15}, "killed"},
    {"lifeline during boot", {.asked_by = Ender::lifeline, .cut_off = true, .booting = true, .signal = 9}, "host-exit"},
    {"SIGTERM during boot", {.asked_by = Ender::request, .cut_off = true, .booting = true, .signal = 9}, "killed"},
    {"boot timed out", {.cut_off = true, .booting = true, .signal = 9}, "killed"},
    {"ended by itself during boot", {.booting = true, .code = 0}, "guest-exit"},
    {"panic during boot", {.booting = true, .panic = true, .code = 0}, "crash"},
    {"guest ended", {.code = 0}, "guest-exit"},
    {"guest ended with a bye that nobody asked for", {.bye = 0, .code = 0}, "guest-exit"},
    {"guest halted, machine ended by us", {.cut_off = true, .halted = true}, "guest-exit"},
    {"panic, status 0", {.panic = true, .code = 0}, "crash"},
    {"status not 0", {.code = 1}, "crash"},
    {"signal from outside", {.signal = 9}, "crash"},
    {"signal from outside while the kernel was out of memory", {.oom_kill = true, .signal = 9}, "oom"},
    {"the kernel killed something else for memory", {.oom_kill = true, .code = 0}, "guest-exit"},
    {"panic and out of memory", {.panic = true, .oom_kill = true, .signal = 9}, "crash"},
    {"agent lost, machine ended by us", {.cut_off = true, .signal = 15}, "crash"},
    {"nothing known", {}, "crash"},
};

TEST(ExitRecord, EveryEndHasItsReason) {
    for (const Row &row : table)
        EXPECT_STREQ(exit_reason_name(decide_exit(row.facts)), row.reason) << row.what;
}

TEST(ExitRecord, AHaltIsTheKernelsWordAlone) {
    const auto tells = [](std::string_view text) {
        Tail console;
        console.add(text);
        return tells_halt(console);
    };
    EXPECT_TRUE(tells("[    9.1] reboot: System halted\r\n"));
    EXPECT_TRUE(tells("[   13.032762] reboot: Power off not available: System halted instead\r\n"));
    EXPECT_FALSE(tells("reboot: System halted\r\n"));
    EXPECT_FALSE(tells("[    9.1] reboot: Restarting system\r\n"));
}

TEST(ExitRecord, TheFileHoldsWhatAClientReads) {
    const TemporaryDirectory directory;
    ASSERT_TRUE(write_exit_record(directory.path(), {.signal = 9}, "last words\n"));
    const Json json = Json::parse(read_file(directory / "exit.json", 10'000).value()).value();
    EXPECT_EQ(json.integer("version", 1, 1).value(), 1);
    EXPECT_EQ(json.string("reason").value(), "crash");
    EXPECT_FALSE(json.has("code"));
    EXPECT_EQ(json.integer("signal", 0, 64).value(), 9);
    EXPECT_EQ(json.string("at").value().size(), std::string("2026-01-31T12:00:00.000Z").size());
    EXPECT_EQ(json.string("consoleTail").value(), "last words\n");
    clear_exit_record(directory.path());
    EXPECT_FALSE(read_file(directory / "exit.json", 10'000));
}

} // namespace
} // namespace boxlite
