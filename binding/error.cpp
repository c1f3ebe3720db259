#include "error.hpp"
#include <cstring>
#include <string>

namespace boxlite::binding {

Napi::Error errno_error(Napi::Env env, int number, const char *syscall) {
    const char *name = ::strerrorname_np(number);
    const char *text = ::strerrordesc_np(number);
    const std::string code = name != nullptr ? name : "EUNKNOWN";
    auto error = Napi::Error::New(env, code + ": " + (text != nullptr ? text : "unknown error") + ", " + syscall);
    error.Set("code", Napi::String::New(env, code));
    error.Set("errno", Napi::Number::New(env, -number));
    error.Set("syscall", Napi::String::New(env, syscall));
    return error;
}

} // namespace boxlite::binding
