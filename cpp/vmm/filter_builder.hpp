#pragma once
#include <cstdint>
#include <initializer_list>
#include <linux/filter.h>
#include <vector>

namespace boxlite {

// Builds a seccomp filter: a list of system calls that may be made, seccomp(2). Hot ones come first, since the list is
// gone through in order.
class FilterBuilder {
public:
    FilterBuilder();
    FilterBuilder &allow(std::initializer_list<long> calls);
    // Only where the low half of an argument, under the mask, is one of the values.
    FilterBuilder &allow_with(long call, unsigned argument, std::uint32_t mask, std::initializer_list<std::uint32_t> values);
    // Fails with that error, as a kernel without the call would.
    FilterBuilder &refuse(long call, int error);
    // Any other call ends the process.
    std::vector<sock_filter> build();

private:
    void add(std::uint16_t code, std::uint32_t value, std::size_t if_true = 0, std::size_t if_false = 0);
    std::vector<sock_filter> filter_;
};

} // namespace boxlite
