#pragma once
#include "../common/frame.hpp"
#include <cstddef>
#include <fcntl.h>

namespace boxlite {

// A pipe that much goes through is made larger, once: waking its other end costs more than the bytes do.
class BulkPipe {
public:
    void moved(int pipe, std::size_t bytes) {
        if (is_wide_) return;
        bytes_ += bytes;
        is_wide_ = bytes_ >= initial_credit;
        if (is_wide_) widen(pipe);
    }
    bool is_wide() const { return is_wide_; }

    // Where the kernel has no more for us, it stays as it is.
    static void widen(int pipe) { ::fcntl(pipe, F_SETPIPE_SZ, wide_bytes); }

private:
    static constexpr int wide_bytes = 1 << 20;
    std::size_t bytes_ = 0;
    bool is_wide_ = false;
};

} // namespace boxlite
