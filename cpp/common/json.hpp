#pragma once
#include "result.hpp"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boxlite {

// One value of a parsed document. It shares the document, so it may outlive the Json it came from.
class Json {
public:
    // 'invalid-argument' when the text is not one JSON document in UTF-8.
    static Result<Json> parse(std::string_view text);

    bool is_object() const;
    // The members of an object by name; `null` counts as absent.
    std::optional<Json> find(std::string_view key) const;
    bool has(std::string_view key) const { return find(key).has_value(); }

    // Required members. Missing or of another type is 'invalid-argument', naming the key and what was expected.
    Result<std::string> string(std::string_view key) const;
    Result<bool> boolean(std::string_view key) const;
    Result<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most) const;
    Result<std::vector<std::string>> strings(std::string_view key) const;
    Result<std::vector<std::pair<std::string, std::string>>> string_map(std::string_view key) const;
    Result<Json> object(std::string_view key) const;
    Result<std::vector<Json>> objects(std::string_view key) const;

    // The value as text again.
    std::string text() const;

private:
    struct Node;
    explicit Json(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
    std::shared_ptr<const Node> node_;
};

// Writes one object member by member. Bytes that are not UTF-8 become U+FFFD.
class JsonWriter {
public:
    JsonWriter &member(std::string_view key, std::string_view value);
    JsonWriter &member(std::string_view key, const char *value) { return member(key, std::string_view(value)); }
    JsonWriter &member(std::string_view key, const std::string &value) { return member(key, std::string_view(value)); }
    JsonWriter &member(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
    JsonWriter &member(std::string_view key, std::int64_t value) { return raw(key, std::to_string(value)); }
    JsonWriter &member(std::string_view key, std::uint64_t value) { return raw(key, std::to_string(value)); }
    JsonWriter &member(std::string_view key, int value) { return raw(key, std::to_string(value)); }
    JsonWriter &member(std::string_view key, unsigned value) { return raw(key, std::to_string(value)); }
    JsonWriter &member(std::string_view key, std::nullptr_t) { return raw(key, "null"); }
    JsonWriter &member(std::string_view key, const std::vector<std::string> &values);
    JsonWriter &member(std::string_view key, const JsonWriter &object) { return raw(key, object.text()); }
    JsonWriter &member(std::string_view key, const std::vector<JsonWriter> &objects);
    // One decimal.
    JsonWriter &member_ms(std::string_view key, double ms);
    // A value that is JSON already.
    JsonWriter &raw(std::string_view key, std::string_view json);

    std::string text() const { return "{" + members_ + "}"; }

private:
    std::string members_;
};

// The bytes as UTF-8, each invalid sequence replaced by U+FFFD.
std::string valid_utf8(std::string_view bytes);

} // namespace boxlite
