#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"
#include "settings.hpp"
#include <string>
#include <vector>

// OFD locks: the kernel frees them with the last descriptor, however the process ends.
namespace boxlite {

// <directory>/lock, held for life: it is what "this box lives" means. Held by another: 'box-busy'.
Result<Fd> lock_box(const std::string &directory);

// How long a machine that was killed may take to let go of its disks.
inline constexpr double disk_patience_ms = 3'000;

// Every disk open and locked, shared where read-only. Held by another for longer than the patience: 'box-busy'. Not a
// whole number of sectors: 'image-invalid'.
Result<std::vector<Fd>> open_disks(const std::vector<DiskSetting> &disks, double patience_ms = disk_patience_ms);

} // namespace boxlite
