#include "log.hpp"
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <unistd.h>

namespace boxlite {
namespace {

const char *log_program = "boxlite";
int log_fd = 2;

} // namespace

void log_begin(const char *program, int fd) {
    log_program = program;
    log_fd = fd;
}

void log_line(const char *format, ...) {
    char line[2048];
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    tm utc{};
    ::gmtime_r(&now.tv_sec, &utc);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    int length = std::snprintf(line, sizeof line, "%s.%03dZ %s: ", stamp, static_cast<int>(now.tv_nsec / 1'000'000),
                               log_program);
    va_list arguments;
    va_start(arguments, format);
    length += std::vsnprintf(line + length, sizeof line - static_cast<unsigned>(length), format, arguments);
    va_end(arguments);
    const auto last = static_cast<int>(sizeof line) - 1;
    if (length > last - 1) length = last - 1;
    line[length] = '\n';
    // One write a line keeps lines whole in a file opened for appending.
    [[maybe_unused]] const ssize_t ignored = ::write(log_fd, line, static_cast<unsigned>(length) + 1);
}

} // namespace boxlite
