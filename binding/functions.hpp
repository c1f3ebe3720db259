#pragma once
#include <napi.h>

// What JS sees; lib/native/contract.ts says what each does.
namespace boxlite::binding {

Napi::Value spawn_process(const Napi::CallbackInfo &info);
Napi::Value pidfd_open(const Napi::CallbackInfo &info);
Napi::Value pidfd_send(const Napi::CallbackInfo &info);
Napi::Value pidfd_reap(const Napi::CallbackInfo &info);

Napi::Value make_pipe(const Napi::CallbackInfo &info);
Napi::Value lock_try(const Napi::CallbackInfo &info);
Napi::Value lock_held(const Napi::CallbackInfo &info);
Napi::Value unlock(const Napi::CallbackInfo &info);

Napi::Value probe_kvm(const Napi::CallbackInfo &info);

} // namespace boxlite::binding
