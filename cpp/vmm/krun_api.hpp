#pragma once
#include "../common/result.hpp"
#include <cstdint>
#include <string>

namespace boxlite {

// The part of libkrun 1.19's C API that a box uses. Every call answers 0 or more, or a negative errno.
struct KrunApi {
    std::int32_t (*init_log)(int fd, std::uint32_t level, std::uint32_t style, std::uint32_t options);
    std::int32_t (*create_ctx)();
    std::int32_t (*set_vm_config)(std::uint32_t ctx, std::uint8_t vcpus, std::uint32_t mib);
    std::int32_t (*set_console_output)(std::uint32_t ctx, const char *path);
    std::int32_t (*disable_implicit_vsock)(std::uint32_t ctx);
    std::int32_t (*add_vsock)(std::uint32_t ctx, std::uint32_t tsi);
    std::int32_t (*add_vsock_port2)(std::uint32_t ctx, std::uint32_t port, const char *path, bool listen);
    std::int32_t (*disable_implicit_init)(std::uint32_t ctx);
    std::int32_t (*add_disk3)(std::uint32_t ctx, const char *id, const char *path, std::uint32_t format, bool readonly,
                              bool direct_io, std::uint32_t sync);
    std::int32_t (*add_net_unixstream)(std::uint32_t ctx, const char *path, int fd, const std::uint8_t *mac,
                                       std::uint32_t features, std::uint32_t flags);
    std::int32_t (*set_env)(std::uint32_t ctx, const char *const *env);
    std::int32_t (*start_enter)(std::uint32_t ctx);
};

// Loads both libraries by absolute path. A library that is not libkrun 1.19 with block devices is 'native-missing',
// with the names that it lacks.
Result<KrunApi> load_krun(const std::string &libkrun, const std::string &libkrunfw);

} // namespace boxlite
