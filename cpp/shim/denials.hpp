#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace boxlite {

// The last denials of the box's network, as JSON, by their numbers: 1, 2, 3 and so on.
class Denials {
public:
    static constexpr std::size_t most = 1'000;
    // Those that nobody writes down yet, and how many more of them are not kept.
    struct Unheard {
        std::vector<std::string> kept;
        std::uint64_t missed = 0;
    };

    void add(std::uint64_t number, std::string json);
    // Empty for one that is not kept any more, or never was.
    std::string find(std::uint64_t number) const;
    Unheard unheard() const;
    // Somebody writes down all of them until now.
    void heard() { heard_ = last_; }

private:
    std::deque<std::pair<std::uint64_t, std::string>> kept_;
    std::uint64_t last_ = 0;
    std::uint64_t heard_ = 0;
};

} // namespace boxlite
