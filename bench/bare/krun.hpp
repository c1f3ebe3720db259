#pragma once

#include <cstdint>

// The part of libkrun's interface that boots a machine from a disk. Each answers 0, or an errno below 0.
struct Krun {
    std::int32_t (*init_log)(int fd, std::uint32_t level, std::uint32_t style, std::uint32_t options);
    std::int32_t (*create_ctx)();
    std::int32_t (*set_vm_config)(std::uint32_t ctx, std::uint8_t cpus, std::uint32_t memory_mib);
    std::int32_t (*disable_implicit_console)(std::uint32_t ctx);
    std::int32_t (*disable_implicit_vsock)(std::uint32_t ctx);
    std::int32_t (*add_vsock)(std::uint32_t ctx, std::uint32_t tsi);
    std::int32_t (*add_vsock_port2)(std::uint32_t ctx, std::uint32_t port, const char *path, bool listen);
    std::int32_t (*disable_implicit_init)(std::uint32_t ctx);
    std::int32_t (*add_disk3)(std::uint32_t ctx, const char *id, const char *path, std::uint32_t format, bool readonly,
                              bool direct_io, std::uint32_t sync);
    std::int32_t (*set_env)(std::uint32_t ctx, const char *const *variables);
    std::int32_t (*start_enter)(std::uint32_t ctx);
};
