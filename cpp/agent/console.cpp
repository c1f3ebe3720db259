#include "console.hpp"
#include <cstdarg>
#include <cstdio>
#include <unistd.h>

namespace boxlite {

void console_line(const char *format, ...) {
    char line[1024];
    int length = std::snprintf(line, sizeof line, "boxlite-agent: ");
    va_list arguments;
    va_start(arguments, format);
    const int text = std::vsnprintf(line + length, sizeof line - static_cast<unsigned>(length) - 1, format, arguments);
    va_end(arguments);
    const int most = static_cast<int>(sizeof line) - 2;
    length = text < 0 || length + text > most ? most : length + text;
    line[length] = '\n';
    [[maybe_unused]] const ssize_t ignored = ::write(2, line, static_cast<unsigned>(length) + 1);
}

} // namespace boxlite
