#pragma once
#include "../common/result.hpp"

namespace boxlite {

// One line "boxlite-agent: text" on the guest's console, for whoever reads its tail.
[[gnu::format(printf, 1, 2)]] void console_line(const char *format, ...);

} // namespace boxlite
