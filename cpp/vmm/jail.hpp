#pragma once
#include "../common/result.hpp"
#include "settings.hpp"

namespace boxlite {

// The last steps before the guest runs, after both libraries are loaded: from here on the process opens its disks and
// /dev/kvm, and no other file.
Status enter_jail(const VmmSettings &settings);

} // namespace boxlite
