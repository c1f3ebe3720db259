#include "json.hpp"
#include <cstdio>
#define JSON_NOEXCEPTION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#include <nlohmann/json.hpp>
#pragma GCC diagnostic pop

namespace boxlite {
namespace {

Failure expected(std::string_view what, std::string_view key, const nlohmann::json *found) {
    const std::string received = found == nullptr ? "nothing" : found->type_name();
    return {"invalid-argument",
            "Expected " + std::string(what) + " for `" + std::string(key) + "` but received " + received};
}

std::string json_string(std::string_view text) {
    return nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

struct Json::Node {
    std::shared_ptr<const nlohmann::json> document;
    const nlohmann::json *value;

    const nlohmann::json *member(std::string_view key) const {
        if (!value->is_object()) return nullptr;
        const auto found = value->find(std::string(key));
        return found == value->end() || found->is_null() ? nullptr : &*found;
    }
    Json at(const nlohmann::json *inner) const { return Json(std::make_shared<const Node>(Node{document, inner})); }
};

Result<Json> Json::parse(std::string_view text) {
    auto document = std::make_shared<nlohmann::json>(nlohmann::json::parse(text, nullptr, false));
    if (document->is_discarded()) return Failure{"invalid-argument", "Expected a JSON document in UTF-8"};
    const nlohmann::json *root = document.get();
    return Json(std::make_shared<const Node>(Node{std::move(document), root}));
}

bool Json::is_object() const {
    return node_->value->is_object();
}

std::optional<Json> Json::find(std::string_view key) const {
    const nlohmann::json *found = node_->member(key);
    return found == nullptr ? std::nullopt : std::optional(node_->at(found));
}

Result<std::string> Json::string(std::string_view key) const {
    const nlohmann::json *found = node_->member(key);
    if (found == nullptr || !found->is_string()) return expected("a string", key, found);
    return found->get_ref<const std::string &>();
}

Result<bool> Json::boolean(std::string_view key) const {
    const nlohmann::json *found = node_->member(key);
    if (found == nullptr || !found->is_boolean()) return expected("a boolean", key, found);
    return found->get<bool>();
}

Result<std::int64_t> Json::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
    const nlohmann::json *found = node_->member(key);
    const std::string range = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
    if (found == nullptr || !found->is_number_integer()) return expected(range, key, found);
    const bool too_large = found->is_number_unsigned() && found->get<std::uint64_t>() > INT64_MAX;
    const std::int64_t value = found->get<std::int64_t>();
    if (too_large || value < least || value > most) {
        return Failure{"invalid-argument",
                       "Expected " + range + " for `" + std::string(key) + "` but received " + found->dump()};
    }
    return value;
}

Result<std::vector<std::string>> Json::strings(std::string_view key) const {
    const nlohmann::json *found = node_->member(key);
    if (found == nullptr || !found->is_array()) return expected("an array of strings", key, found);
    std::vector<std::string> values;
    for (const auto &element : *found) {
        if (!element.is_string()) return expected("an array of strings", key, &element);
        values.push_back(element.get_ref<const std::string &>());
    }
    return values;
}

Result<std::vector<std::pair<std::string, std::string>>> Json::string_map(std::string_view key) const {
    const nlohmann::json *found = node_->member(key);
    if (found == nullptr || !found->is_object()) return expected("an object of strings", key, found);
    std::vector<std::pair<std::string, std::string>> members;
    for (const auto &[name, value] : found->items()) {
        if (!value.is_string()) return expected("a string", std::string(key) + "." + name, &value);
        members.emplace_back(name, value.get_ref<const std::string &>());
    }
    return members;
}

Result<Json> Json::object(std::string_view key) const {
    const nlohmann::json *found = node_->member(key);
    if (found == nullptr || !found->is_object()) return expected("an object", key, found);
    return node_->at(found);
}

Result<std::vector<Json>> Json::objects(std::string_view key) const {
    const nlohmann::json *found = node_->member(key);
    if (found == nullptr || !found->is_array()) return expected("an array of objects", key, found);
    std::vector<Json> values;
    for (const auto &element : *found) {
        if (!element.is_object()) return expected("an array of objects", key, &element);
        values.push_back(node_->at(&element));
    }
    return values;
}

std::string Json::text() const {
    return node_->value->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

JsonWriter &JsonWriter::member(std::string_view key, std::string_view value) {
    return raw(key, json_string(value));
}

JsonWriter &JsonWriter::member(std::string_view key, const std::vector<std::string> &values) {
    std::string list;
    for (const auto &value : values)
        list += (list.empty() ? "" : ",") + json_string(value);
    return raw(key, "[" + list + "]");
}

JsonWriter &JsonWriter::member(std::string_view key, const std::vector<JsonWriter> &objects) {
    std::string list;
    for (const auto &object : objects)
        list += (list.empty() ? "" : ",") + object.text();
    return raw(key, "[" + list + "]");
}

JsonWriter &JsonWriter::member_ms(std::string_view key, double ms) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", ms);
    return raw(key, text);
}

JsonWriter &JsonWriter::raw(std::string_view key, std::string_view json) {
    if (!members_.empty()) members_ += ',';
    members_ += json_string(key);
    members_ += ':';
    members_ += json;
    return *this;
}

std::string valid_utf8(std::string_view bytes) {
    const std::string text = json_string(bytes);
    return nlohmann::json::parse(text, nullptr, false).get<std::string>();
}

} // namespace boxlite
