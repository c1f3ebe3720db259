#pragma once
#include <string>
#include <utility>
#include <variant>

namespace boxlite {

// What went wrong, as data: `code` is one of error_codes.def.
struct Failure {
    std::string code;
    std::string message;
    std::string hint{};
};

template <typename T> class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

    explicit operator bool() const { return state_.index() == 0; }
    T &value() { return std::get<0>(state_); }
    const T &value() const { return std::get<0>(state_); }
    Failure &failure() { return std::get<1>(state_); }
    const Failure &failure() const { return std::get<1>(state_); }

private:
    std::variant<T, Failure> state_;
};

struct Nothing {};
using Status = Result<Nothing>;
inline Status success() {
    return Nothing{};
}

} // namespace boxlite
