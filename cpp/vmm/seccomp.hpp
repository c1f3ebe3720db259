#pragma once
#include "../common/result.hpp"
#include <linux/filter.h>
#include <vector>

namespace boxlite {

// The system calls that a machine without host directories needs, each with the arguments it needs them with;
// any other ends the process. `own_pid` is the only process that may be signalled.
std::vector<sock_filter> vmm_filter(int own_pid);

// Puts every thread of this process under the filter, for good. It takes no_new_privs.
Status enter_filter(const std::vector<sock_filter> &filter);

} // namespace boxlite
