#include "kvm_probe.hpp"
#include "kvm_machine.hpp"
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <thread>

namespace boxlite::binding {

namespace {

using namespace std::chrono_literals;

constexpr auto guest_time = 2s;
constexpr auto kick_time = 1s;

// Shared with the vCPU's thread, which may outlast the probe when KVM never gives it back.
struct Run {
    KvmMachine machine;
    std::mutex mutex;
    std::condition_variable ended;
    std::optional<KvmVerdict> verdict;
};

void run_vcpu(const std::shared_ptr<Run> &run) {
    auto verdict = run->machine.run();
    const std::lock_guard lock(run->mutex);
    run->verdict = std::move(verdict);
    run->ended.notify_all();
}

// With every signal blocked: the kick is let through by KVM_RUN alone, so no handler ever runs for it.
std::thread start_vcpu(const std::shared_ptr<Run> &run) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread([run] { run_vcpu(run); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

} // namespace

KvmVerdict run_kvm_probe() {
    const auto run = std::make_shared<Run>();
    if (auto problem = run->machine.build()) return {false, std::move(*problem)};

    auto thread = start_vcpu(run);
    std::unique_lock lock(run->mutex);
    const auto has_ended = [&] { return run->verdict.has_value(); };
    if (!run->ended.wait_for(lock, guest_time, has_ended)) {
        run->machine.request_stop();
        ::pthread_kill(thread.native_handle(), KvmMachine::kick_signal);
        run->ended.wait_for(lock, kick_time, has_ended);
    }
    const auto verdict = run->verdict;
    lock.unlock();
    if (!verdict) {
        thread.detach();
        return {false, "KVM_RUN: did not return within 3 s: this KVM cannot run a stock guest"};
    }
    thread.join();
    return *verdict;
}

} // namespace boxlite::binding
