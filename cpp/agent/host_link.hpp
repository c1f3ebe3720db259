#pragma once
#include "../common/frame.hpp"
#include "poller.hpp"
#include "vsock_room.hpp"
#include <cstddef>
#include <string>
#include <vector>

namespace boxlite {

// The one connection to the shim: a vsock stream with the krun engine, a virtio-serial port with qemu.
class HostLink final : public EventSource {
public:
    // Tries both until one is there, at most 5 s.
    static Result<HostLink> connect();
    int fd() const { return fd_.get(); }

    // Waits for the shim's preamble and answers it.
    Status greet();
    // Waits for the whole payload of one control frame of `kind`; answers pings meanwhile.
    Result<std::string> await_control(Kind kind);

    void note(std::uint32_t) override { readable_ = writable_ = true; }
    bool has_input() const { return readable_ && !ended_; }
    // Reads once. False when the host's side is gone.
    bool receive();
    FrameReader &reader() { return reader_; }

    // Does what is due; when it is due again.
    void step(std::int64_t now_ns) { room_.step(fd_.get(), now_ns); }
    std::optional<std::int64_t> deadline() const { return room_.deadline(); }

    // Frames for the shim, sent by flush as far as it takes them.
    std::vector<std::byte> &frames() { return frames_; }
    // Whole frames that go behind those: at once and without a copy, if they are large and the link takes them.
    void pass(std::span<const std::byte> whole_frames);
    std::size_t queued() const { return frames_.size() - sent_; }
    void flush();
    // Sends everything that is queued, however long that takes, and returns once the host has it.
    void finish();

private:
    enum class Transport : unsigned char { vsock, port };
    HostLink(Fd fd, Transport transport);
    std::size_t write_some(std::span<const std::byte> bytes);
    bool wait_for(short events, int timeout_ms) const;

    Fd fd_;
    Transport transport_;
    VsockRoom room_;
    FrameReader reader_;
    std::vector<std::byte> frames_;
    std::size_t sent_ = 0;
    bool readable_ = true;
    bool writable_ = true;
    bool ended_ = false;
};

} // namespace boxlite
