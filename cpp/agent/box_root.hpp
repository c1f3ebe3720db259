#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"

namespace boxlite {

// The mount namespace whose real root is the box's file system. Commands join it; the agent stays outside, so that it
// can unmount everything once they are gone.
struct BoxRoot {
    Fd mount_namespace;
    Fd directory; // the root itself, as commands see it
    Fd null;      // its /dev/null
    Fd terminals; // its /dev/pts
};
Result<BoxRoot> make_box_root();

} // namespace boxlite
