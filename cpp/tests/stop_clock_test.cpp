#include "shim/stop_clock.hpp"
#include <gtest/gtest.h>

namespace boxlite {
namespace {

constexpr double after_grace = StopClock::unmount_ms;

TEST(StopClock, AtRestNothingIsDue) {
    StopClock clock;
    EXPECT_FALSE(clock.next());
    EXPECT_EQ(clock.due(1e12), StopStep::none);
}

TEST(StopClock, AnUnansweredStopGoesStepByStepToItsEnd) {
    StopClock clock;
    EXPECT_TRUE(clock.ask(0, 5'000));
    EXPECT_EQ(clock.due(5'000 + after_grace - 1), StopStep::none);
    const double terminated = 5'000 + after_grace;
    EXPECT_EQ(clock.due(terminated), StopStep::terminate);
    EXPECT_EQ(clock.due(terminated), StopStep::none);
    const double killed = terminated + StopClock::terminate_ms;
    EXPECT_EQ(clock.next(), killed);
    EXPECT_EQ(clock.due(killed), StopStep::kill);
    EXPECT_EQ(clock.due(killed + StopClock::kill_ms), StopStep::give_up);
    EXPECT_FALSE(clock.next());
    EXPECT_EQ(clock.due(1e12), StopStep::none);
}

TEST(StopClock, ASecondStopCanOnlyMakeItEarlier) {
    StopClock clock;
    EXPECT_TRUE(clock.ask(0, 10'000));
    EXPECT_FALSE(clock.ask(1'000, 10'000));
    EXPECT_EQ(clock.next(), 10'000 + after_grace);
    EXPECT_TRUE(clock.ask(2'000, 1'000));
    EXPECT_EQ(clock.next(), 3'000 + after_grace);
    EXPECT_FALSE(clock.ask(2'500, 5'000));
    EXPECT_EQ(clock.next(), 3'000 + after_grace);
}

TEST(StopClock, TheLargestGraceIsNoOverflow) {
    StopClock clock;
    EXPECT_TRUE(clock.ask(1e9, UINT32_MAX));
    EXPECT_GT(*clock.next(), 1e9 + 4.2e9);
}

TEST(StopClock, ForceKillsAtOnceWhateverWasAskedBefore) {
    StopClock clock;
    EXPECT_TRUE(clock.ask(0, 10'000));
    clock.force(100);
    EXPECT_EQ(clock.due(100), StopStep::kill);
    EXPECT_FALSE(clock.ask(200, 0));
    EXPECT_EQ(clock.next(), 100 + StopClock::kill_ms);
}

TEST(StopClock, ForceAfterTheLastStepBringsNothingBack) {
    StopClock clock;
    clock.force(0);
    EXPECT_EQ(clock.due(0), StopStep::kill);
    clock.force(1);
    EXPECT_EQ(clock.due(1), StopStep::none);
    EXPECT_EQ(clock.due(StopClock::kill_ms), StopStep::give_up);
    clock.force(1e6);
    EXPECT_EQ(clock.due(1e6), StopStep::none);
}

TEST(StopClock, AnEndThatIsExpectedSoonIsNotWaitedForLonger) {
    StopClock clock;
    EXPECT_TRUE(clock.ask(0, 10'000));
    clock.expect_end(1'000, 3'000);
    EXPECT_EQ(clock.next(), 4'000);
    clock.expect_end(2'000, 3'000);
    EXPECT_EQ(clock.next(), 4'000);
}

} // namespace
} // namespace boxlite
