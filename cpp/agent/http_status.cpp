#include "http_status.hpp"
#include <algorithm>

namespace boxlite {
namespace {

constexpr std::string_view version = "HTTP/1.";
// "HTTP/1.1 200"
constexpr std::size_t status_at = 9;
constexpr std::size_t status_end = 12;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

} // namespace

HttpStatus::State HttpStatus::add(std::string_view bytes) {
    line_ += bytes.substr(0, status_end - std::min(line_.size(), status_end));
    const std::string_view begun = std::string_view(line_).substr(0, version.size());
    if (begun != version.substr(0, begun.size())) return State::not_http;
    if (line_.size() < status_end) return State::incomplete;
    const std::string_view digits = std::string_view(line_).substr(status_at, 3);
    if (!is_digit(line_[7]) || line_[8] != ' ' || !std::all_of(digits.begin(), digits.end(), is_digit))
        return State::not_http;
    status_ = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    return State::known;
}

std::string http_request(std::string_view path, unsigned port) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost:" + std::to_string(port) +
           "\r\nUser-Agent: boxlite\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

} // namespace boxlite
