#pragma once
#include "common/fd.hpp"
#include "kvm_probe.hpp"
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <linux/kvm.h>
#include <optional>
#include <string>

namespace boxlite::binding {

// The smallest machine that tells: 1 MiB, one vCPU, at ring 0 of long mode.
class KvmMachine {
public:
    static constexpr int kick_signal = SIGUSR2;

    KvmMachine() = default;
    KvmMachine(const KvmMachine &) = delete;
    KvmMachine &operator=(const KvmMachine &) = delete;
    ~KvmMachine();

    // What went wrong, in words; nothing when it is ready to run.
    std::optional<std::string> build();
    // Until the guest halts, fails, or a stop is asked for and kicked.
    KvmVerdict run();
    void request_stop() { stopping_ = true; }

private:
    std::optional<std::string> open_machine();
    std::optional<std::string> add_memory();
    std::optional<std::string> add_vcpu();
    std::optional<std::string> set_cpuid();
    std::optional<std::string> enter_long_mode();
    std::optional<std::string> let_kick_through();
    KvmVerdict exit_verdict() const;
    void write_page_tables();

    Fd kvm_;
    Fd vm_;
    Fd vcpu_;
    std::uint8_t *memory_ = nullptr;
    kvm_run *run_ = nullptr;
    std::size_t run_bytes_ = 0;
    std::atomic<bool> stopping_ = false;
};

} // namespace boxlite::binding
