#pragma once
#include "../common/result.hpp"
#include "settings.hpp"
#include <string>

namespace boxlite {

// <directory>/shim.pid: {"pid","startTicks","bootId","argv"}, which together name this process and no later one.
Status write_pid_file(const ShimSettings &settings, const std::string &program);
void remove_pid_file(const ShimSettings &settings);

} // namespace boxlite
