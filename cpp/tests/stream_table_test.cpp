#include "shim/stream_table.hpp"
#include <algorithm>
#include <gtest/gtest.h>

namespace boxlite {
namespace {

TEST(StreamTable, TheSameNumberOfTwoClientsIsTwoCalls) {
    StreamTable table;
    const auto first = table.open(1, 1);
    const auto second = table.open(2, 1);
    EXPECT_NE(first, second);
    EXPECT_EQ(table.to_agent(1, 1), first);
    EXPECT_EQ(table.to_agent(2, 1), second);
    EXPECT_EQ(table.from_agent(second)->client, 2u);
    EXPECT_EQ(table.from_agent(second)->stream, 1u);
}

TEST(StreamTable, ANumberThatIsOverOrNeverWasStandsForNothing) {
    StreamTable table;
    const auto number = table.open(1, 1);
    table.finish(number);
    table.finish(number);
    table.finish(12345);
    EXPECT_FALSE(table.to_agent(1, 1));
    EXPECT_FALSE(table.from_agent(number));
    EXPECT_FALSE(table.to_agent(1, 2));
    EXPECT_EQ(table.size(), 0u);
}

TEST(StreamTable, ALostClientsCallsStayOrphansUntilTheAgentEndsThem) {
    StreamTable table;
    const auto a = table.open(1, 1);
    const auto b = table.open(1, 2);
    const auto other = table.open(2, 1);
    table.finish(b);
    const auto c = table.open(1, 3);
    auto lost = table.lose(1);
    std::sort(lost.begin(), lost.end());
    EXPECT_EQ(lost, (std::vector<std::uint32_t>{a, c}));
    EXPECT_TRUE(table.from_agent(a)->orphan);
    EXPECT_FALSE(table.from_agent(other)->orphan);
    EXPECT_TRUE(table.lose(1).empty());
    table.finish(a);
    table.finish(c);
    EXPECT_EQ(table.size(), 1u);
}

TEST(StreamTable, ANumberIsNotGivenOutAgainWhileItsCallGoesOn) {
    StreamTable table;
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t stream = 1; stream <= 1000; ++stream)
        numbers.push_back(table.open(1, stream));
    std::sort(numbers.begin(), numbers.end());
    EXPECT_EQ(std::unique(numbers.begin(), numbers.end()), numbers.end());
    EXPECT_GT(numbers.front(), 0u);
}

} // namespace
} // namespace boxlite
