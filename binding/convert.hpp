#pragma once
#include <napi.h>
#include <string>
#include <vector>

// What JS gave, as C++ values; a wrong type or a NUL inside a string throws a TypeError that names the argument.
namespace boxlite::binding {

int to_fd(const Napi::Value &value, const char *name);
int to_int(const Napi::Value &value, const char *name);
bool to_bool(const Napi::Value &value, const char *name);
std::string to_string(const Napi::Value &value, const char *name);
std::vector<std::string> to_strings(const Napi::Value &value, const char *name);
std::vector<int> to_fds(const Napi::Value &value, const char *name);

} // namespace boxlite::binding
