#pragma once
#include "call.hpp"
#include <string>

namespace boxlite {

// A call whose whole answer is known when it is opened: its exit.
class AnsweredCall final : public Call {
public:
    AnsweredCall(const Services &services, std::uint32_t stream, std::string exit)
        : Call(services, stream), exit_(std::move(exit)) {}

    bool receive_input(const Frame &frame) override { return frame.payload.empty(); }
    bool grant(const Frame &) override { return true; }
    Result<bool> control(const Json &request) override;
    void close() override {}
    void abandon() override {}
    bool step(std::int64_t now_ns) override;
    bool move_output() override { return false; }

private:
    std::string exit_;
};

} // namespace boxlite
