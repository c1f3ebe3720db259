#include "agent/assembly.hpp"
#include "agent/exec_request.hpp"
#include "harness.hpp"
#include <algorithm>
#include <cstring>

namespace boxlite {
namespace {

void take(Assembly &assembly, const Frame &frame) {
    const Kind kind = frame.header.kind;
    if (kind == Kind::close) assembly.forget(frame.header.stream);
    if (kind != Kind::open && kind != Kind::control) return;
    const auto whole = assembly.add(frame);
    if (!whole || !whole.value()) return;
    const auto request = Json::parse(*whole.value());
    if (!request || !request.value().is_object()) return;
    if (kind == Kind::open) static_cast<void>(parse_exec_request(request.value()));
    if (kind == Kind::control) static_cast<void>(parse_window_size(request.value()));
}

// Some payloads have a place of their own.
struct Places final : PayloadPlaces {
    std::shared_ptr<std::byte> place_for(const FrameHeader &header) override {
        if (header.kind != Kind::data || header.stream % 2 == 0) return nullptr;
        const auto place = std::make_shared<std::vector<std::byte>>(header.length);
        return {place, place->data()};
    }
};

} // namespace

void fuzz_agent(Bytes bytes) {
    if (bytes.empty()) return;
    // The first byte says how the rest is torn.
    const std::size_t step = std::size_t{bytes[0]} + 1;
    bytes = bytes.subspan(1);
    FrameReader reader;
    Places places;
    Assembly assembly;
    while (!bytes.empty()) {
        const auto room = reader.room();
        const std::size_t count = std::min({step, room.size(), bytes.size()});
        std::memcpy(room.data(), bytes.data(), count);
        reader.filled(count);
        bytes = bytes.subspan(count);
        for (;;) {
            const auto frame = reader.next(&places);
            if (!frame) return;
            if (!frame.value()) break;
            take(assembly, *frame.value());
        }
    }
}

} // namespace boxlite
