#include "convert.hpp"
#include "error.hpp"
#include "functions.hpp"
#include "spawn.hpp"
#include <cerrno>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace boxlite::binding {

namespace {

SpawnRequest to_request(const Napi::Value &value) {
    if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), "Expected an object for spawn");
    const auto options = value.As<Napi::Object>();
    const auto optional = [&](const char *name) {
        const auto given = Napi::Value(options.Get(name));
        return given.IsUndefined() ? std::string() : to_string(given, name);
    };
    return {to_string(options.Get("file"), "file"), to_strings(options.Get("argv"), "argv"),
            to_strings(options.Get("env"), "env"),  to_fds(options.Get("fds"), "fds"),
            optional("cgroup"),                     optional("cwd")};
}

} // namespace

Napi::Value spawn_process(const Napi::CallbackInfo &info) {
    const auto env = info.Env();
    auto outcome = spawn(to_request(info[0]));
    if (const auto *failure = std::get_if<SpawnFailure>(&outcome))
        throw errno_error(env, failure->number, failure->syscall);
    auto &spawned = std::get<Spawned>(outcome);
    auto result = Napi::Object::New(env);
    result.Set("pid", Napi::Number::New(env, spawned.pid));
    result.Set("pidfd", Napi::Number::New(env, spawned.pidfd.get()));
    spawned.pidfd.release();
    return result;
}

Napi::Value pidfd_open(const Napi::CallbackInfo &info) {
    const auto env = info.Env();
    const int pid = to_int(info[0], "pid");
    if (pid <= 0) throw Napi::TypeError::New(env, "Expected a process id for pid");
    const long fd = ::syscall(SYS_pidfd_open, pid, 0U);
    if (fd >= 0) return Napi::Number::New(env, static_cast<double>(fd));
    // EINVAL and, from Linux 6.9 on, ENOENT: the number is a thread's, not a process's.
    if (errno == ESRCH || errno == EINVAL || errno == ENOENT) return env.Null();
    throw errno_error(env, errno, "pidfd_open");
}

Napi::Value pidfd_send(const Napi::CallbackInfo &info) {
    const auto env = info.Env();
    const int fd = to_fd(info[0], "fd");
    const int signal = to_int(info[1], "signal");
    if (::syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0U) == 0) return Napi::Boolean::New(env, true);
    if (errno == ESRCH) return Napi::Boolean::New(env, false);
    throw errno_error(env, errno, "pidfd_send_signal");
}

Napi::Value pidfd_reap(const Napi::CallbackInfo &info) {
    const auto env = info.Env();
    const int fd = to_fd(info[0], "fd");
    siginfo_t ended = {};
    if (::waitid(P_PIDFD, static_cast<id_t>(fd), &ended, WEXITED | WNOHANG) < 0) {
        if (errno == ECHILD) return env.Null();
        throw errno_error(env, errno, "waitid");
    }
    if (ended.si_pid == 0) return env.Null();
    const auto status = Napi::Number::New(env, ended.si_status);
    auto result = Napi::Object::New(env);
    result.Set("code", ended.si_code == CLD_EXITED ? Napi::Value(status) : env.Null());
    result.Set("signal", ended.si_code == CLD_EXITED ? env.Null() : Napi::Value(status));
    return result;
}

} // namespace boxlite::binding
