#include "watch.hpp"
#include "common/fd.hpp"
#include "convert.hpp"
#include "error.hpp"
#include "uv_poll.hpp"
#include <cerrno>
#include <fcntl.h>
#include <node_api.h>
#include <vector>

namespace boxlite::binding {

// One libuv poll handle. The loop owns it from start to its close callback, whether or not JS still holds the watch.
class PidfdPoll : public std::enable_shared_from_this<PidfdPoll> {
public:
    PidfdPoll(Napi::Env env, Fd fd, const Napi::Function &callback)
        : env_(env), fd_(std::move(fd)), callback_(Napi::Persistent(callback)),
          memory_(uv_handle_size(uv_type_poll) / sizeof(std::max_align_t) + 1) {}

    void start() {
        uv_loop_s *loop = nullptr;
        if (napi_get_uv_event_loop(env_, &loop) != napi_ok) throw Napi::Error::New(env_, "no event loop to watch on");
        if (const int error = uv_poll_init(loop, poll(), fd_.get()); error < 0)
            throw errno_error(env_, -error, "uv_poll_init");
        in_loop_ = shared_from_this();
        uv_handle_set_data(handle(), this);
        uv_unref(handle());
        napi_add_async_cleanup_hook(env_, environment_ends, this, &cleanup_);
        if (const int error = uv_poll_start(poll(), uv_readable, ready); error < 0) {
            close();
            throw errno_error(env_, -error, "uv_poll_start");
        }
    }

    void close() {
        if (closing_ || in_loop_ == nullptr) return;
        closing_ = true;
        callback_.Reset();
        uv_close(handle(), closed);
    }

private:
    uv_handle_s *handle() { return reinterpret_cast<uv_handle_s *>(memory_.data()); }
    uv_poll_s *poll() { return reinterpret_cast<uv_poll_s *>(memory_.data()); }

    static void ready(uv_poll_s *handle, int, int) {
        auto *self = static_cast<PidfdPoll *>(uv_handle_get_data(reinterpret_cast<uv_handle_s *>(handle)));
        const auto alive = self->shared_from_this();
        const Napi::HandleScope scope(self->env_);
        const napi_value callback = self->callback_.Value();
        self->close();
        self->call(callback);
    }

    // Through napi itself: in an environment that is ending, napi_make_callback refuses, and that is no error here.
    void call(napi_value callback) const {
        napi_value receiver = nullptr;
        if (napi_get_global(env_, &receiver) != napi_ok) return;
        const auto status = napi_make_callback(env_, nullptr, receiver, callback, 0, nullptr, nullptr);
        if (status != napi_pending_exception) return;
        napi_value thrown = nullptr;
        if (napi_get_and_clear_last_exception(env_, &thrown) == napi_ok) napi_fatal_exception(env_, thrown);
    }

    static void environment_ends(napi_async_cleanup_hook_handle, void *self) {
        static_cast<PidfdPoll *>(self)->close();
    }

    static void closed(uv_handle_s *handle) {
        auto *self = static_cast<PidfdPoll *>(uv_handle_get_data(handle));
        if (self->cleanup_ != nullptr) napi_remove_async_cleanup_hook(self->cleanup_);
        self->fd_.reset();
        self->in_loop_.reset();
    }

    Napi::Env env_;
    Fd fd_;
    Napi::FunctionReference callback_;
    std::vector<std::max_align_t> memory_;
    std::shared_ptr<PidfdPoll> in_loop_;
    napi_async_cleanup_hook_handle cleanup_ = nullptr;
    bool closing_ = false;
};

Napi::Function Watch::define(Napi::Env env) {
    return DefineClass(env, "PidfdWatch", {InstanceMethod("close", &Watch::close)});
}

Watch::Watch(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Watch>(info) {
    const auto env = info.Env();
    const int fd = to_fd(info[0], "fd");
    if (!info[1].IsFunction()) throw Napi::TypeError::New(env, "Expected a function for callback");
    // A descriptor of its own: libuv polls each one only once, and the caller may close his.
    Fd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own) throw errno_error(env, errno, "fcntl");
    poll_ = std::make_shared<PidfdPoll>(env, std::move(own), info[1].As<Napi::Function>());
    poll_->start();
}

void Watch::close(const Napi::CallbackInfo &) { poll_->close(); }

} // namespace boxlite::binding
