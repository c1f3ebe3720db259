#include "functions.hpp"
#include "kvm_probe.hpp"

namespace boxlite::binding {

namespace {

class KvmProbe : public Napi::AsyncWorker {
public:
    explicit KvmProbe(Napi::Env env) : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)) {}
    Napi::Promise promise() const { return deferred_.Promise(); }

    void Execute() override { verdict_ = run_kvm_probe(); }
    void OnOK() override {
        auto result = Napi::Object::New(Env());
        result.Set("ok", Napi::Boolean::New(Env(), verdict_.ok));
        result.Set("detail", Napi::String::New(Env(), verdict_.detail));
        deferred_.Resolve(result);
    }
    void OnError(const Napi::Error &error) override { deferred_.Reject(error.Value()); }

private:
    Napi::Promise::Deferred deferred_;
    KvmVerdict verdict_ = {false, ""};
};

} // namespace

Napi::Value probe_kvm(const Napi::CallbackInfo &info) {
    auto *probe = new KvmProbe(info.Env()); // deletes itself when its promise is settled
    const auto promise = probe->promise();
    probe->Queue();
    return promise;
}

} // namespace boxlite::binding
