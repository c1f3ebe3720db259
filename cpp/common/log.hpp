#pragma once

namespace boxlite {

// Lines "2026-01-31T12:00:00.123Z shim: text" on one descriptor, 2 unless told otherwise. Never blocks for long, never
// fails.
void log_begin(const char *program, int fd = 2);
[[gnu::format(printf, 1, 2)]] void log_line(const char *format, ...);

} // namespace boxlite
