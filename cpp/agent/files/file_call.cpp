#include "file_call.hpp"
#include "../../common/io.hpp"
#include "../clock.hpp"
#include "file_worker.hpp"
#include <csignal>
#include <sys/epoll.h>
#include <sys/wait.h>

namespace boxlite {
namespace {

// What a worker has to clean up after itself it has cleaned up by then.
constexpr std::int64_t kill_after_ns = 20'000 * ns_per_ms;
constexpr std::size_t longest_word = 64 * 1024;

// From the worker; our end does not block.
Result<Pipe> make_output_pipe() {
    auto pipe = make_pipe();
    if (!pipe) return pipe;
    if (const Status set = set_nonblocking(pipe.value().read.get()); !set) return set.failure();
    return pipe;
}

bool takes_input(std::string_view op) {
    return op == "fs.write" || op == "fs.unpack";
}

} // namespace

Result<std::unique_ptr<Call>> FileCall::open(const Services &services, std::uint32_t stream, const Json &request) {
    const auto parsed = parse_file_request(request);
    if (!parsed) return parsed.failure();
    const FileOperation operation = find_file_operation(parsed.value().op);
    if (operation == nullptr)
        return Failure{"unsupported", "This agent has no operation \"" + parsed.value().op + "\""};
    std::unique_ptr<FileCall> call(new FileCall(services, stream));
    if (const Status started = call->start(parsed.value(), operation); !started) return started.failure();
    return std::unique_ptr<Call>(std::move(call));
}

Status FileCall::start(const FileRequest &request, FileOperation operation) {
    auto out = make_output_pipe();
    if (!out) return out.failure();
    auto word = make_output_pipe();
    if (!word) return word.failure();
    if (takes_input(request.op)) {
        auto ring = SharedRing::create();
        if (!ring) return ring.failure();
        input_ = std::make_unique<FileInput>(std::move(ring.value()));
        if (Status s = input_->watch(services_.poller); !s) return s;
    }
    output_ = std::make_unique<Output>(std::move(out.value().read), Channel::out);
    words_ = std::make_unique<WatchedFd>(std::move(word.value().read));
    if (Status s = output_->watch(services_.poller); !s) return s;
    if (Status s = words_->watch(services_.poller, EPOLLIN, *this); !s) return s;

    const WorkerPlan plan{services_.root.mount_namespace.get(), services_.root.null.get(), out.value().write.get(),
                          word.value().write.get(), input_.get()};
    const pid_t pid = ::fork();
    if (pid < 0) return failure_from_errno("start a file operation", errno, "limit");
    if (pid == 0) run_file_worker(request, operation, plan);
    pid_ = pid;
    return success();
}

std::shared_ptr<std::byte> FileCall::place_for(const FrameHeader &header) {
    return input_ ? input_->place_for(header) : nullptr;
}

bool FileCall::receive_input(const Frame &frame) {
    if (frame.header.channel() != Channel::in) return false;
    if (!input_) return frame.payload.empty();
    return input_->receive(frame);
}

bool FileCall::grant(const Frame &frame) {
    return frame.header.channel() == Channel::out && output_->grant(read_u32(frame.payload));
}

Result<bool> FileCall::control(const Json &request) {
    const auto op = request.string("op");
    if (!op) return op.failure();
    if (op.value() != "end")
        return Failure{"unsupported", "This agent has no control \"" + op.value() + "\" for a file operation"};
    end();
    return true;
}

void FileCall::end() {
    if (ending_) return;
    ending_ = true;
    if (pid_ < 0) return;
    ::kill(pid_, SIGTERM);
    if (input_) input_->close();
    kill_at_ = boot_clock_ns() + kill_after_ns;
}

bool FileCall::reaped(pid_t pid, int wait_status) {
    if (pid != pid_) return false;
    pid_ = -1;
    ended_ = true;
    wait_status_ = wait_status;
    kill_at_.reset();
    if (input_) input_->close();
    output_->command_ended();
    words_ready_ = true;
    return true;
}

bool FileCall::step(std::int64_t now_ns) {
    read_words();
    if (input_) input_->take_turn(stream_, frames());
    if (kill_at_ && now_ns >= *kill_at_) {
        ::kill(pid_, SIGKILL);
        kill_at_.reset();
    }
    if (!ended_) return false;
    const bool whole = last_word_.starts_with('X') && !ending_;
    // Who got no good end needs no more of the output.
    if (whole && !output_->ended()) return false;
    send_end();
    return true;
}

bool FileCall::move_output() {
    if (ending_) return output_->discard_turn();
    return pass(output_->take_turn(stream_));
}

void FileCall::read_words() {
    if (!words_ready_) return;
    words_ready_ = false;
    char piece[4096];
    for (;;) {
        const ssize_t count = ::read(words_->get(), piece, sizeof piece);
        if (count <= 0) break;
        said_.append(piece, static_cast<std::size_t>(count));
        for (std::size_t end = said_.find('\n'); end != std::string::npos; end = said_.find('\n')) {
            take_word(std::string_view(said_).substr(0, end));
            said_.erase(0, end + 1);
        }
        if (said_.size() > longest_word) said_.clear();
    }
}

void FileCall::take_word(std::string_view word) {
    if (word.starts_with('S'))
        append_control(frames(), Kind::started, stream_, word.substr(1));
    else
        last_word_ = word;
}

void FileCall::send_end() {
    if (ending_) return send_error(frames(), stream_, {"aborted", "The file operation was ended"});
    const std::string_view word = last_word_;
    if (word.starts_with('X')) return append_control(frames(), Kind::exit, stream_, word.substr(1));
    if (word.starts_with('E')) return append_control(frames(), Kind::error, stream_, word.substr(1));
    const std::string how = WIFSIGNALED(wait_status_) ? "signal " + std::to_string(WTERMSIG(wait_status_))
                                                      : "status " + std::to_string(WEXITSTATUS(wait_status_));
    // A stop begins with SIGTERM to everything.
    if (how == "status " + std::to_string(128 + SIGTERM))
        return send_error(frames(), stream_, {"box-state", "The box was stopped while the call was under way"});
    send_error(frames(), stream_,
               {"limit", "The process that did the file operation in the box was killed: " + how,
                "The box may be out of memory: create it with a larger memoryMiB."});
}

} // namespace boxlite
