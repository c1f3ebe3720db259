#include "assembly.hpp"

namespace boxlite {
namespace {

constexpr std::size_t most_held = 4 * max_control_bytes;
constexpr std::size_t most_parts = 1024;

} // namespace

Result<std::optional<std::string>> Assembly::add(const Frame &frame) {
    const auto &[length, kind, flags, stream] = frame.header;
    const bool more = frame.header.more();
    Part part{kind, {}, false};
    if (const auto found = parts_.find(stream); found != parts_.end()) {
        part = std::move(found->second);
        parts_.erase(found);
        held_ -= part.bytes.size();
    }
    if (part.refused) {
        if (more) parts_.emplace(stream, std::move(part));
        return std::optional<std::string>{};
    }
    if (part.kind != kind)
        return refuse(stream, std::move(part), more, {"protocol", "Parts of two control payloads are interleaved"});
    if (part.bytes.size() + length > max_control_bytes) {
        return refuse(stream, std::move(part), more,
                      {"limit", "A control payload exceeds " + std::to_string(max_control_bytes) + " bytes"});
    }
    if (more && (held_ + part.bytes.size() + length > most_held || parts_.size() >= most_parts)) {
        return refuse(stream, std::move(part), more, {"limit", "Too many control payloads are under way at once"});
    }
    part.bytes.append(reinterpret_cast<const char *>(frame.payload.data()), frame.payload.size());
    if (!more) return std::optional<std::string>(std::move(part.bytes));
    held_ += part.bytes.size();
    parts_.emplace(stream, std::move(part));
    return std::optional<std::string>{};
}

bool Assembly::forget(std::uint32_t stream) {
    const auto found = parts_.find(stream);
    if (found == parts_.end()) return false;
    held_ -= found->second.bytes.size();
    parts_.erase(found);
    return true;
}

Failure Assembly::refuse(std::uint32_t stream, Part part, bool more, Failure why) {
    if (more && parts_.size() < most_parts) parts_.emplace(stream, Part{part.kind, {}, true});
    return why;
}

} // namespace boxlite
