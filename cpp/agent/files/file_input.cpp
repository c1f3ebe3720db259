#include "file_input.hpp"
#include <cstring>
#include <utility>

namespace boxlite {
namespace {

// Less is copied sooner than it is read in two pieces.
constexpr std::size_t worth_a_place = 64 * 1024;

} // namespace

std::shared_ptr<std::byte> FileInput::place_for(const FrameHeader &header) {
    const bool is_expected = header.kind == Kind::data && header.channel() == Channel::in && !end_received_;
    if (!is_expected || closed_ || header.length < worth_a_place || !credit_.covers(header.length)) return nullptr;
    writer_.prepare(header.length);
    return {ring_, writer_.place()};
}

bool FileInput::receive(const Frame &frame) {
    const std::size_t bytes = frame.payload.size();
    if (end_received_ || !credit_.take(bytes)) return false;
    end_received_ = frame.header.end();
    received_ += bytes;
    if (closed_) {
        taken_more_ = true;
        return true;
    }
    if (frame.payload.data() != writer_.place()) std::memcpy(writer_.place(), frame.payload.data(), bytes);
    writer_.wrote(bytes);
    if (end_received_) writer_.complete();
    return true;
}

void FileInput::take_turn(std::uint32_t stream, std::vector<std::byte> &frames) {
    if (!std::exchange(taken_more_, false)) return;
    const std::uint64_t taken = closed_ ? received_ : writer_.taken();
    append_grant(frames, stream, credit_.consumed(taken - std::exchange(granted_for_, taken)));
}

} // namespace boxlite
