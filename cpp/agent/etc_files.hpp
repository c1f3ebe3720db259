#pragma once
#include <string>

namespace boxlite {

// Gives the box /etc/hostname and /etc/hosts where the image has none, or empty ones. With a network these and
// resolv.conf are the box's own at each boot, as in a container; without one there is no resolv.conf to write: without
// the file, lookups fail at once.
void write_etc_files(int root, const std::string &hostname, bool network);

} // namespace boxlite
