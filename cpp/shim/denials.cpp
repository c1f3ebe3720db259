#include "denials.hpp"
#include <algorithm>

namespace boxlite {

void Denials::add(std::uint64_t number, std::string json) {
    last_ = number;
    kept_.emplace_back(number, std::move(json));
    if (kept_.size() > most) kept_.pop_front();
}

std::string Denials::find(std::uint64_t number) const {
    const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [&](const auto &one) { return one.first == number; });
    return found == kept_.rend() ? std::string() : found->second;
}

Denials::Unheard Denials::unheard() const {
    Unheard unheard;
    for (const auto &[number, json] : kept_) {
        if (number > heard_) unheard.kept.push_back(json);
    }
    unheard.missed = last_ - heard_ - unheard.kept.size();
    return unheard;
}

} // namespace boxlite
