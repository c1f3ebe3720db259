#include "attachment.hpp"
#include <algorithm>

namespace boxlite {
namespace {

// One turn of one output, so that none delays another.
constexpr std::size_t piece_bytes = 65'536;

Result<Attachment::Places> read_since(const Json &request) {
    Attachment::Places since{};
    if (!request.has("since")) return since;
    const auto given = request.object("since");
    if (!given) return given.failure();
    constexpr const char *names[] = {"stdout", "stderr"};
    for (std::size_t index = 0; index < since.size(); ++index) {
        if (!given.value().has(names[index])) continue;
        const auto at = given.value().integer(names[index], 0, INT64_MAX);
        if (!at) return at.failure();
        since[index] = static_cast<std::uint64_t>(at.value());
    }
    return since;
}

} // namespace

Result<std::unique_ptr<Call>> open_attachment(const Services &services, std::uint32_t stream, const Json &request) {
    const auto id = request.string("id");
    if (!id) return id.failure();
    const auto since = read_since(request);
    if (!since) return since.failure();
    auto command = services.detached.find(id.value());
    if (!command) {
        return Failure{"process-not-found", "No detached command has the id \"" + id.value() + "\"",
                       "One that has ended can be joined for 10 minutes, if it is among the last 256."};
    }
    return std::unique_ptr<Call>(
        std::make_unique<Attachment>(services, stream, std::move(command), since.value()));
}

Result<std::unique_ptr<Call>> start_detached(const Services &services, std::uint32_t stream, ExecRequest request) {
    auto command = DetachedCommand::start(services, std::move(request));
    if (!command) return command.failure();
    services.detached.add(command.value());
    return std::unique_ptr<Call>(
        std::make_unique<Attachment>(services, stream, std::move(command.value()), Attachment::Places{}));
}

Attachment::Attachment(const Services &services, std::uint32_t stream, std::shared_ptr<DetachedCommand> command,
                       Places since)
    : Call(services, stream), command_(std::move(command)) {
    for (std::size_t index = 0; index < views_.size(); ++index)
        views_[index].at = since[index];
    command_->change_writer(stream);
}

Attachment::~Attachment() {
    if (command_->writer() == stream_) command_->change_writer(0);
}

bool Attachment::receive_input(const Frame &frame) {
    if (frame.header.channel() != Channel::in) return false;
    // What crossed the word that another one writes now is dropped.
    return command_->writer() != stream_ || command_->receive_input(frame);
}

bool Attachment::grant(const Frame &frame) {
    const Channel channel = frame.header.channel();
    if (channel == Channel::in) return false;
    return views_[channel == Channel::out ? 0 : 1].credit.grant(read_u32(frame.payload));
}

Result<bool> Attachment::control(const Json &request) {
    const auto op = request.string("op");
    if (!op) return op.failure();
    if (op.value() == "resize") return resize_terminal(command_->terminal(), request);
    return command_->program().control(op.value(), request);
}

bool Attachment::step(std::int64_t) {
    Program &program = command_->program();
    if (let_go_) {
        send_error(frames(), stream_, {"aborted", "The command was let go"});
        return true;
    }
    if (program.launching()) {
        if (!program.ended()) return false;
        send_error(frames(), stream_, program.launch_failure());
        return true;
    }
    const bool lost_stdin = is_writer_ && command_->writer() != stream_;
    is_writer_ = is_writer_ && !lost_stdin;
    if (!told_ || lost_stdin) tell_state();
    program.tell_denials(stream_, told_denials_);
    if (!command_->over() || !all_sent()) return false;
    append_control(frames(), Kind::exit, stream_, command_->exit_text());
    return true;
}

void Attachment::tell_state() {
    told_ = true;
    for (std::size_t index = 0; index < views_.size(); ++index) {
        View &view = views_[index];
        const OutputRing *output = command_->output(index);
        if (output == nullptr || view.at >= output->begin()) continue;
        view.missed += output->begin() - view.at;
        view.at = output->begin();
    }
    const JsonWriter missed = JsonWriter().member("stdout", views_[0].missed).member("stderr", views_[1].missed);
    append_control(frames(), Kind::started, stream_,
                   command_->program().started().member("missed", missed).member("stdin", is_writer_).text());
}

bool Attachment::move_output() {
    if (!told_ || let_go_) return false;
    const bool first = move_one(0);
    return move_one(1) || first;
}

bool Attachment::move_one(std::size_t index) {
    View &view = views_[index];
    const OutputRing *output = command_->output(index);
    if (output == nullptr || view.ended) return false;
    if (view.at < output->begin()) tell_state();
    const auto kept = output->from(view.at);
    const auto bytes = kept.first(std::min({kept.size(), piece_bytes, std::size_t{view.credit.left()}}));
    view.at += bytes.size();
    view.credit.spend(bytes.size());
    view.ended = output->ended() && view.at >= output->end();
    if (bytes.empty() && !view.ended) return false;
    const Channel channel = index == 0 ? Channel::out : Channel::err;
    append_frame(frames(), Kind::data, stream_, bytes, channel_flags(channel, view.ended));
    return true;
}

bool Attachment::all_sent() const {
    return views_[0].ended && (command_->output(1) == nullptr || views_[1].ended);
}

} // namespace boxlite
