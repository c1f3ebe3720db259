#pragma once
#include <cstddef>

// The part of libuv's stable ABI that is used, without its headers: node-api-headers has none.
extern "C" {
struct uv_loop_s;
struct uv_handle_s;
struct uv_poll_s;

std::size_t uv_handle_size(int type);
void *uv_handle_get_data(const uv_handle_s *handle);
void uv_handle_set_data(uv_handle_s *handle, void *data);
void uv_unref(uv_handle_s *handle);
void uv_close(uv_handle_s *handle, void (*closed)(uv_handle_s *handle));
int uv_poll_init(uv_loop_s *loop, uv_poll_s *handle, int fd);
int uv_poll_start(uv_poll_s *handle, int events, void (*ready)(uv_poll_s *handle, int status, int events));
}

namespace boxlite::binding {

inline constexpr int uv_type_poll = 8;
inline constexpr int uv_readable = 1;

} // namespace boxlite::binding
