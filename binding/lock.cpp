#include "convert.hpp"
#include "error.hpp"
#include "functions.hpp"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace boxlite::binding {

namespace {

// The whole file, for the open file description: OFD locks, fcntl(2).
struct flock whole_file(short type) {
    struct flock range = {};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    return range;
}

} // namespace

Napi::Value make_pipe(const Napi::CallbackInfo &info) {
    const auto env = info.Env();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) throw errno_error(env, errno, "pipe2");
    auto result = Napi::Array::New(env, 2);
    result.Set(0U, Napi::Number::New(env, ends[0]));
    result.Set(1U, Napi::Number::New(env, ends[1]));
    return result;
}

Napi::Value lock_try(const Napi::CallbackInfo &info) {
    const auto env = info.Env();
    const int fd = to_fd(info[0], "fd");
    auto range = whole_file(to_bool(info[1], "exclusive") ? F_WRLCK : F_RDLCK);
    if (::fcntl(fd, F_OFD_SETLK, &range) == 0) return Napi::Boolean::New(env, true);
    if (errno == EAGAIN || errno == EACCES) return Napi::Boolean::New(env, false);
    throw errno_error(env, errno, "fcntl");
}

Napi::Value lock_held(const Napi::CallbackInfo &info) {
    const auto env = info.Env();
    auto range = whole_file(F_WRLCK);
    if (::fcntl(to_fd(info[0], "fd"), F_OFD_GETLK, &range) < 0) throw errno_error(env, errno, "fcntl");
    return Napi::Boolean::New(env, range.l_type != F_UNLCK);
}

Napi::Value unlock(const Napi::CallbackInfo &info) {
    const auto env = info.Env();
    auto range = whole_file(F_UNLCK);
    if (::fcntl(to_fd(info[0], "fd"), F_OFD_SETLK, &range) < 0) throw errno_error(env, errno, "fcntl");
    return env.Undefined();
}

} // namespace boxlite::binding
