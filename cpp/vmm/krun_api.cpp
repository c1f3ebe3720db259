#include "krun_api.hpp"
#include <dlfcn.h>

namespace boxlite {
namespace {

constexpr const char *reinstall = "Reinstall the package's native files: they hold libkrun 1.19 and libkrunfw 5.";

Result<void *> open_library(const std::string &path, int flags) {
    if (path.empty() || path.front() != '/') {
        return Failure{"native-missing", "Expected an absolute library path but received '" + path + "'", reinstall};
    }
    void *library = ::dlopen(path.c_str(), flags);
    if (library == nullptr) return Failure{"native-missing", std::string("Load a library: ") + ::dlerror(), reinstall};
    return library;
}

template <typename Function> void bind(void *library, const char *name, Function &function, std::string &missing) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    if (function == nullptr) missing += std::string(" ") + name;
}

} // namespace

Result<KrunApi> load_krun(const std::string &libkrun, const std::string &libkrunfw) {
    // libkrun loads libkrunfw by its bare name, which finds the one that is loaded already.
    const auto firmware = open_library(libkrunfw, RTLD_NOW | RTLD_GLOBAL);
    if (!firmware) return firmware.failure();
    const auto library = open_library(libkrun, RTLD_NOW | RTLD_LOCAL);
    if (!library) return library.failure();

    KrunApi api{};
    std::string missing;
    void *from = library.value();
    bind(from, "krun_init_log", api.init_log, missing);
    bind(from, "krun_create_ctx", api.create_ctx, missing);
    bind(from, "krun_set_vm_config", api.set_vm_config, missing);
    bind(from, "krun_set_console_output", api.set_console_output, missing);
    bind(from, "krun_disable_implicit_vsock", api.disable_implicit_vsock, missing);
    bind(from, "krun_add_vsock", api.add_vsock, missing);
    bind(from, "krun_add_vsock_port2", api.add_vsock_port2, missing);
    bind(from, "krun_disable_implicit_init", api.disable_implicit_init, missing);
    bind(from, "krun_add_disk3", api.add_disk3, missing);
    bind(from, "krun_add_net_unixstream", api.add_net_unixstream, missing);
    bind(from, "krun_set_env", api.set_env, missing);
    bind(from, "krun_start_enter", api.start_enter, missing);
    if (!missing.empty()) return Failure{"native-missing", libkrun + " lacks" + missing, reinstall};
    return api;
}

} // namespace boxlite
