#pragma once
#include "../common/fd.hpp"
#include <cstddef>
#include <string>
#include <string_view>

namespace boxlite {

// A log file that a guest may fill: at 1 MiB it becomes <path>.1 and begins anew. A full disk loses text, nothing else.
class BoundedLog {
public:
    static constexpr std::size_t limit = 1u << 20;

    explicit BoundedLog(std::string path);
    void write(std::string_view text);

private:
    void open();

    std::string path_;
    Fd file_;
    std::size_t size_ = 0;
};

// The last bytes of a text that goes by.
class Tail {
public:
    static constexpr std::size_t kept_bytes = 16'384;

    void add(std::string_view text);
    bool contains(std::string_view words) const { return text_.find(words) != std::string::npos; }
    // The last lines, valid UTF-8, at most `bytes` long.
    std::string last(std::size_t bytes) const;
    std::string last_line() const;
    // The last line that holds these words; empty where none does.
    std::string last_line_with(std::string_view words) const;

private:
    std::string text_;
};

} // namespace boxlite
