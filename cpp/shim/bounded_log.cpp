#include "bounded_log.hpp"
#include "../common/io.hpp"
#include "../common/json.hpp"
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

namespace boxlite {
namespace {

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// The end of the text, at most `bytes` long, begun at a whole character.
std::string_view end_of(std::string_view text, std::size_t bytes) {
    if (text.size() > bytes) text.remove_prefix(text.size() - bytes);
    while (!text.empty() && continues_character(text.front()))
        text.remove_prefix(1);
    return text;
}

// The line that holds the character at this place.
std::string_view line_at(std::string_view text, std::size_t at) {
    const std::size_t newline = text.find_last_of("\r\n", at);
    const std::size_t first = newline == std::string_view::npos ? 0 : newline + 1;
    return text.substr(first, text.find_first_of("\r\n", at) - first);
}

} // namespace

BoundedLog::BoundedLog(std::string path) : path_(std::move(path)) {
    open();
}

void BoundedLog::open() {
    file_ = Fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    struct stat found {};
    size_ = file_ && ::fstat(file_.get(), &found) == 0 ? static_cast<std::size_t>(found.st_size) : 0;
}

void BoundedLog::write(std::string_view text) {
    if (size_ > 0 && size_ + text.size() > limit) {
        std::rename(path_.c_str(), (path_ + ".1").c_str());
        open();
    }
    if (!file_) return;
    if (write_all(file_.get(), text)) size_ += text.size();
}

void Tail::add(std::string_view text) {
    text_ += text;
    if (text_.size() > 2 * kept_bytes) text_.erase(0, text_.size() - kept_bytes);
}

std::string Tail::last(std::size_t bytes) const {
    // Replacing invalid bytes makes the text longer, hence the second cut.
    const std::string valid = valid_utf8(end_of(text_, bytes));
    return std::string(end_of(valid, bytes));
}

std::string Tail::last_line() const {
    const std::size_t last = text_.find_last_not_of("\r\n");
    return last == std::string::npos ? "" : valid_utf8(line_at(text_, last));
}

std::string Tail::last_line_with(std::string_view words) const {
    const std::size_t found = text_.rfind(words);
    return found == std::string::npos ? "" : valid_utf8(line_at(text_, found));
}

} // namespace boxlite
