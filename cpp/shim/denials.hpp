#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace boxlite {

// The last denials of the box's network, as JSON, by their numbers, which grow.
class Denials {
public:
    static constexpr std::size_t most = 1'000;

    void add(std::uint64_t number, std::string json) {
        kept_.emplace_back(number, std::move(json));
        if (kept_.size() > most) kept_.pop_front();
    }
    // Empty for one that is not kept any more, or never was.
    std::string find(std::uint64_t number) const {
        for (auto denial = kept_.rbegin(); denial != kept_.rend(); ++denial) {
            if (denial->first == number) return denial->second;
        }
        return {};
    }

private:
    std::deque<std::pair<std::uint64_t, std::string>> kept_;
};

} // namespace boxlite
