#include "filter_builder.hpp"
#include <cstddef>
#include <linux/audit.h>
#include <linux/seccomp.h>

namespace boxlite {
namespace {

constexpr std::uint16_t load = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t equals = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t keep_bits = BPF_ALU | BPF_AND | BPF_K;
constexpr std::uint16_t answer = BPF_RET | BPF_K;

// Little endian: the low half of an argument comes first.
std::uint32_t offset_of_argument(unsigned argument) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t));
}

} // namespace

FilterBuilder::FilterBuilder() {
    add(load, offsetof(seccomp_data, arch));
    add(equals, AUDIT_ARCH_X86_64, 1, 0);
    add(answer, SECCOMP_RET_KILL_PROCESS);
    add(load, offsetof(seccomp_data, nr));
}

FilterBuilder &FilterBuilder::allow(std::initializer_list<long> calls) {
    for (const long call : calls) {
        add(equals, static_cast<std::uint32_t>(call), 0, 1);
        add(answer, SECCOMP_RET_ALLOW);
    }
    return *this;
}

FilterBuilder &FilterBuilder::allow_with(long call, unsigned argument, std::uint32_t mask,
                                         std::initializer_list<std::uint32_t> values) {
    // Past the loading, the masking, the comparisons and the two answers.
    add(equals, static_cast<std::uint32_t>(call), 0, values.size() + 4);
    add(load, offset_of_argument(argument));
    add(keep_bits, mask);
    std::size_t to_go = values.size();
    for (const std::uint32_t value : values)
        add(equals, value, to_go--, 0);
    add(answer, SECCOMP_RET_KILL_PROCESS);
    add(answer, SECCOMP_RET_ALLOW);
    return *this;
}

FilterBuilder &FilterBuilder::refuse(long call, int error) {
    add(equals, static_cast<std::uint32_t>(call), 0, 1);
    add(answer, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error));
    return *this;
}

std::vector<sock_filter> FilterBuilder::build() {
    add(answer, SECCOMP_RET_KILL_PROCESS);
    return filter_;
}

void FilterBuilder::add(std::uint16_t code, std::uint32_t value, std::size_t if_true, std::size_t if_false) {
    filter_.push_back({code, static_cast<std::uint8_t>(if_true), static_cast<std::uint8_t>(if_false), value});
}

} // namespace boxlite
