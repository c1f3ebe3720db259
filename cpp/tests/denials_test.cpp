#include "shim/denials.hpp"
#include <gtest/gtest.h>

namespace boxlite {
namespace {

Denials with(std::uint64_t count) {
    Denials denials;
    for (std::uint64_t number = 1; number <= count; ++number)
        denials.add(number, "#" + std::to_string(number));
    return denials;
}

TEST(Denials, AreFoundByTheirNumbersWhileTheyAreKept) {
    const Denials denials = with(Denials::most + 5);
    EXPECT_EQ(denials.find(5), "");
    EXPECT_EQ(denials.find(6), "#6");
    EXPECT_EQ(denials.find(Denials::most + 5), "#1005");
    EXPECT_EQ(denials.find(Denials::most + 6), "");
    EXPECT_EQ(denials.find(0), "");
}

TEST(Denials, ThoseThatNobodyHeardAreGivenOnce) {
    Denials denials = with(2);
    EXPECT_EQ(denials.unheard().kept, (std::vector<std::string>{"#1", "#2"}));
    denials.heard();
    EXPECT_TRUE(denials.unheard().kept.empty());
    denials.add(3, "#3");
    EXPECT_EQ(denials.unheard().kept, std::vector<std::string>{"#3"});
    EXPECT_EQ(denials.unheard().missed, 0u);
}

TEST(Denials, SayHowManyWereNotKept) {
    Denials denials = with(2);
    denials.heard();
    for (std::uint64_t number = 3; number <= Denials::most + 9; ++number)
        denials.add(number, "");
    EXPECT_EQ(denials.unheard().kept.size(), Denials::most);
    EXPECT_EQ(denials.unheard().missed, 7u);
}

} // namespace
} // namespace boxlite
