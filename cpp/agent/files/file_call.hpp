#pragma once
#include "../call.hpp"
#include "../output.hpp"
#include "file_input.hpp"
#include "file_operations.hpp"

namespace boxlite {

// A file operation of a client. A process of its own does it, so that a file that hangs holds up nobody else, and so
// that the kernel itself checks the user's rights.
class FileCall final : public Call, public EventSource {
public:
    static Result<std::unique_ptr<Call>> open(const Services &services, std::uint32_t stream, const Json &request);
    ~FileCall() override = default;

    // The worker's words.
    void note(std::uint32_t) override { words_ready_ = true; }

    std::shared_ptr<std::byte> place_for(const FrameHeader &header) override;
    bool receive_input(const Frame &frame) override;
    bool grant(const Frame &frame) override;
    Result<bool> control(const Json &request) override;
    void close() override { end(); }
    void abandon() override { end(); }
    bool reaped(pid_t pid, int wait_status) override;

    bool step(std::int64_t now_ns) override;
    bool move_output() override;
    std::optional<std::int64_t> deadline() const override { return kill_at_; }

    bool is_gone() override { return pid_ < 0; }

private:
    using Call::Call;
    Status start(const FileRequest &request, FileOperation operation);
    // Tells the worker to end, and kills it some time after.
    void end();
    void read_words();
    void take_word(std::string_view word);
    void send_end();

    std::unique_ptr<FileInput> input_;
    std::unique_ptr<Output> output_;
    std::unique_ptr<WatchedFd> words_;
    std::string said_;
    bool words_ready_ = true;
    pid_t pid_ = -1;
    bool ended_ = false;
    bool ending_ = false;
    int wait_status_ = 0;
    std::optional<std::int64_t> kill_at_;
    // 'X' or 'E', with its JSON.
    std::string last_word_;
};

} // namespace boxlite
