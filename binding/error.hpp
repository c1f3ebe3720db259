#pragma once
#include <napi.h>

namespace boxlite::binding {

// Error with `code` (the errno's name) and `syscall`, as Node's own system errors have them.
Napi::Error errno_error(Napi::Env env, int number, const char *syscall);

} // namespace boxlite::binding
