#pragma once
#include <string>

namespace boxlite {

// Gives the box /etc/hostname and /etc/hosts where the image has none, or empty ones. Without a network there is no
// resolv.conf to write: without the file, lookups fail at once.
void write_etc_files(int root, const std::string &hostname);

} // namespace boxlite
