#pragma once
#include "../common/result.hpp"

namespace boxlite {

// Starts the processors that the kernel was booted without.
Status start_processors();

} // namespace boxlite
