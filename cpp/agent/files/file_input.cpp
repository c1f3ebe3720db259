#include "file_input.hpp"
#include <cstring>
#include <utility>

namespace boxlite {

bool FileInput::receive(const Frame &frame) {
    const std::size_t bytes = frame.payload.size();
    if (end_received_ || !credit_.take(bytes)) return false;
    end_received_ = frame.header.end();
    received_ += bytes;
    if (closed_) {
        taken_more_ = true;
        return true;
    }
    std::memcpy(writer_.place(), frame.payload.data(), bytes);
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
