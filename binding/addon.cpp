#include "functions.hpp"
#include "watch.hpp"
#include <napi.h>

namespace {

using namespace boxlite::binding;

// Held by each environment (main thread, worker), so that none sees another's.
struct State {
    Napi::FunctionReference watch_class;
};

Napi::Value pidfd_watch(const Napi::CallbackInfo &info) {
    return info.Env().GetInstanceData<State>()->watch_class.New({info[0], info[1]});
}

Napi::Object define(Napi::Env env, Napi::Object exports) {
    env.SetInstanceData(new State{Napi::Persistent(Watch::define(env))});
    const auto add = [&](const char *name, Napi::Value (*function)(const Napi::CallbackInfo &)) {
        exports.Set(name, Napi::Function::New(env, function, name));
    };
    add("spawn", spawn_process);
    add("pidfdOpen", pidfd_open);
    add("pidfdSend", pidfd_send);
    add("pidfdWatch", pidfd_watch);
    add("pidfdReap", pidfd_reap);
    add("pipe", make_pipe);
    add("lockTry", lock_try);
    add("lockHeld", lock_held);
    add("unlock", unlock);
    add("probeKvm", probe_kvm);
    return exports;
}

} // namespace

NODE_API_MODULE(boxlite, define)
