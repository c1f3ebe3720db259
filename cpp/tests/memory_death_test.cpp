#include "shim/memory_death.hpp"
#include <gtest/gtest.h>
#include <unistd.h>

namespace boxlite {
namespace {

constexpr std::string_view of_cgroup =
    "3,812,6006241,-;Memory cgroup out of memory: Killed process 4711 (qemu-system-x86) total-vm:1kB, anon-rss:2kB\n";
constexpr std::string_view of_host = "3,812,6006241,-;Out of memory: Killed process 4711 (boxlite-vmm) total-vm:1kB\n";

TEST(MemoryDeath, IsToldByTheRecordOfThatProcess) {
    EXPECT_TRUE(record_tells_oom_kill(of_cgroup, 4711, 6'000'000));
    EXPECT_TRUE(record_tells_oom_kill(of_host, 4711, 6'006'241));
}

TEST(MemoryDeath, IsNotToldByARecordOfAnotherProcessOrFromBefore) {
    EXPECT_FALSE(record_tells_oom_kill(of_cgroup, 471, 0));
    EXPECT_FALSE(record_tells_oom_kill(of_cgroup, 47'110, 0));
    EXPECT_FALSE(record_tells_oom_kill(of_cgroup, 4711, 6'006'242));
}

TEST(MemoryDeath, IsNotToldByWhatIsNoSuchRecord) {
    for (const std::string_view record : {"", "3,812", "3,812,x,-;Out of memory: Killed process 4711 (",
                                          "6,1,6006241,-;Killed process 4711 (qemu)", ",,,;"}) {
        EXPECT_FALSE(record_tells_oom_kill(record, 4711, 0)) << record;
    }
}

TEST(MemoryDeath, IsNotSaidOfAProcessThatLives) {
    EXPECT_FALSE(log_tells_oom_kill(::getpid(), 0));
}

} // namespace
} // namespace boxlite
