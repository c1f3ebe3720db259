#pragma once
#include "settings.hpp"

namespace boxlite {

// Takes away the link through which the box's sockets were reached, if it leads to them: after the end of a program that
// left its box to end alone, nobody else may come to do it.
void remove_short_path(const ShimSettings &settings);

} // namespace boxlite
