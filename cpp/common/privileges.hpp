#pragma once
#include "result.hpp"

namespace boxlite {

// For a process that soon runs what a guest can reach: no new privileges ever, no core dumps, killed with its parent.
Status confine_process(int parent_pid);

// Empties every capability set, the bounding set too. As root this keeps uid 0, so that what root owns still opens.
Status drop_capabilities();

} // namespace boxlite
