#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace boxlite {

// The status of an HTTP answer, from its first bytes as they come: RFC 9112, status-line.
class HttpStatus {
public:
    enum class State { incomplete, known, not_http };
    State add(std::string_view bytes);
    int status() const { return status_; }

private:
    std::string line_;
    int status_ = 0;
};

std::string http_request(std::string_view path, unsigned port);

} // namespace boxlite
