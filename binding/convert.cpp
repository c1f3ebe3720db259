#include "convert.hpp"
#include <cmath>
#include <limits>

namespace boxlite::binding {

namespace {

[[noreturn]] void refuse(Napi::Env env, const char *expected, const char *name) {
    throw Napi::TypeError::New(env, std::string("Expected ") + expected + " for " + name);
}

Napi::Array to_array(const Napi::Value &value, const char *name) {
    if (!value.IsArray()) refuse(value.Env(), "an array", name);
    return value.As<Napi::Array>();
}

} // namespace

int to_int(const Napi::Value &value, const char *name) {
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
    if (!(std::trunc(number) == number && std::abs(number) <= std::numeric_limits<int>::max()))
        refuse(value.Env(), "an integer", name);
    return static_cast<int>(number);
}

int to_fd(const Napi::Value &value, const char *name) {
    const int fd = to_int(value, name);
    if (fd < 0) refuse(value.Env(), "a file descriptor", name);
    return fd;
}

bool to_bool(const Napi::Value &value, const char *name) {
    if (!value.IsBoolean()) refuse(value.Env(), "a boolean", name);
    return value.As<Napi::Boolean>().Value();
}

std::string to_string(const Napi::Value &value, const char *name) {
    if (!value.IsString()) refuse(value.Env(), "a string", name);
    std::string text = value.As<Napi::String>().Utf8Value();
    if (text.find('\0') != std::string::npos) refuse(value.Env(), "a string without NUL", name);
    return text;
}

std::vector<std::string> to_strings(const Napi::Value &value, const char *name) {
    const auto array = to_array(value, name);
    std::vector<std::string> strings;
    for (std::uint32_t i = 0; i < array.Length(); ++i) strings.push_back(to_string(array.Get(i), name));
    return strings;
}

std::vector<int> to_fds(const Napi::Value &value, const char *name) {
    const auto array = to_array(value, name);
    std::vector<int> fds;
    for (std::uint32_t i = 0; i < array.Length(); ++i) fds.push_back(to_fd(array.Get(i), name));
    return fds;
}

} // namespace boxlite::binding
