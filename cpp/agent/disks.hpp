#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"

namespace boxlite {

// The box's file system: the image's disk under the box's own, joined at /box.
class Disks {
public:
    // Image on /image, the box's disk on /disk, the overlay on /box.
    static Result<Disks> mount();
    // Grows the box's file system to the size of its disk.
    Status grow() const;
    // After the last process: a clean file system, or what kept it from being one.
    Status release();

private:
    // Held from the start, since the box's root may put anything at /dev/vdc.
    Fd box_device_;
};

} // namespace boxlite
