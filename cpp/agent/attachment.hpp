#pragma once
#include "call.hpp"
#include "credit.hpp"
#include "detached.hpp"

namespace boxlite {

// One client that looks at a detached command, with a place of its own in each output.
class Attachment final : public Call {
public:
    using Places = std::array<std::uint64_t, 2>;
    Attachment(const Services &services, std::uint32_t stream, std::shared_ptr<DetachedCommand> command, Places since);
    ~Attachment() override;

    bool receive_input(const Frame &frame) override;
    bool grant(const Frame &frame) override;
    Result<bool> control(const Json &request) override;
    // The command goes on.
    void close() override { let_go_ = true; }
    void abandon() override {}
    bool step(std::int64_t now_ns) override;
    bool move_output() override;

private:
    bool move_one(std::size_t index);
    void tell_state();
    bool all_sent() const;

    struct View {
        std::uint64_t at = 0;
        std::uint64_t missed = 0;
        SendCredit credit;
        bool ended = false;
    };
    std::shared_ptr<DetachedCommand> command_;
    std::array<View, 2> views_;
    bool is_writer_ = true;
    bool told_ = false;
    bool let_go_ = false;
    std::size_t told_denials_ = 0;
};

// `open` with op attach.
Result<std::unique_ptr<Call>> open_attachment(const Services &services, std::uint32_t stream, const Json &request);
// `open` with op exec and detached.
Result<std::unique_ptr<Call>> start_detached(const Services &services, std::uint32_t stream, ExecRequest request);

} // namespace boxlite
