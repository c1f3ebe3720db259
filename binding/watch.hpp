#pragma once
#include <memory>
#include <napi.h>

namespace boxlite::binding {

class PidfdPoll;

// What pidfdWatch returns. It never keeps the event loop alive; its one call and the end of the environment close it.
class Watch : public Napi::ObjectWrap<Watch> {
public:
    static Napi::Function define(Napi::Env env);
    explicit Watch(const Napi::CallbackInfo &info);

private:
    void close(const Napi::CallbackInfo &info);

    std::shared_ptr<PidfdPoll> poll_;
};

} // namespace boxlite::binding
