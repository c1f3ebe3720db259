#include "tree_stream.hpp"
#include "../../common/io.hpp"
#include "paths.hpp"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace boxlite {
namespace {

constexpr std::size_t worth_a_write = 64 * 1024;
constexpr std::size_t head_bytes = 5;
// One waits whole in the room that its sender has: docs/protocol.md, "Trees".
constexpr std::size_t longest_payload = 1024 * 1024;
constexpr std::size_t longest_name = 255;

template <typename T> void put(std::string &out, T value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
        out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i)));
}

void put_meta(std::string &out, const TreeMeta &meta) {
    put(out, static_cast<std::uint32_t>(meta.mode & 07777));
    put(out, static_cast<std::int64_t>(meta.mtime.tv_sec));
    put(out, static_cast<std::uint32_t>(meta.mtime.tv_nsec));
}

// Cuts a little-endian number off the front.
template <typename T> bool take(std::string_view &from, T &value) {
    if (from.size() < sizeof value) return false;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof value; ++i)
        bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(from[i])) << (8 * i);
    value = static_cast<T>(bits);
    from.remove_prefix(sizeof value);
    return true;
}

bool take_meta(std::string_view &from, TreeMeta &meta) {
    std::uint32_t mode = 0;
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    if (!take(from, mode) || !take(from, seconds) || !take(from, nanoseconds)) return false;
    if (mode > 07777 || nanoseconds >= 1'000'000'000) return false;
    meta = {mode, {seconds, static_cast<long>(nanoseconds)}};
    return true;
}

// One component of a path, and nothing else.
bool take_name(std::string_view from, std::string &name) {
    if (!is_plain_name(from) || from.size() > longest_name) return false;
    if (from.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos) return false;
    name = from;
    return true;
}

bool take_pair(std::string_view from, std::string &name, std::string_view &rest) {
    const std::size_t nul = from.find('\0');
    if (nul == std::string_view::npos || !take_name(from.substr(0, nul), name)) return false;
    rest = from.substr(nul + 1);
    return !rest.empty() && rest.find('\0') == std::string_view::npos;
}

volatile std::sig_atomic_t told_to_end = 0;

void note_end(int) {
    told_to_end = 1;
}

} // namespace

TreeMeta meta_of(const struct stat &status) {
    return {status.st_mode & 07777, status.st_mtim};
}

void TreeWriter::enter(std::string_view name, const TreeMeta &meta) {
    std::string payload;
    put_meta(payload, meta);
    append('D', payload.append(name));
}

void TreeWriter::file(std::string_view name, const TreeMeta &meta, std::uint64_t size) {
    std::string payload;
    put_meta(payload, meta);
    put(payload, size);
    append('F', payload.append(name));
}

void TreeWriter::data(std::uint64_t offset, std::string_view bytes) {
    std::string payload;
    payload.reserve(sizeof offset + bytes.size());
    put(payload, offset);
    append('B', payload.append(bytes));
}

void TreeWriter::end_file(std::uint64_t size) {
    std::string payload;
    put(payload, size);
    append('E', payload);
}

void TreeWriter::link(std::string_view name, const TreeMeta &meta, std::string_view target) {
    std::string payload;
    put_meta(payload, meta);
    append('L', payload.append(name).append(1, '\0').append(target));
}

void TreeWriter::hard_link(std::string_view name, std::string_view path) {
    append('H', std::string(name).append(1, '\0').append(path));
}

void TreeWriter::finish() {
    append('Z', {});
    flush();
}

void TreeWriter::append(char kind, std::string_view payload) {
    held_.push_back(kind);
    put(held_, static_cast<std::uint32_t>(payload.size()));
    held_.append(payload);
    if (held_.size() >= worth_a_write) flush();
}

void TreeWriter::flush() {
    if (open_) open_ = static_cast<bool>(write_all(out_, held_));
    held_.clear();
}

int TreeReader::next(TreeRecord &record) {
    int error = 0;
    do
        error = read(record);
    while (error == 0 && record.kind == 'P');
    return error;
}

int TreeReader::read(TreeRecord &record) {
    in_.take(std::exchange(record_bytes_, 0));
    if (const int error = wait_for(head_bytes); error != 0) return error;
    std::string_view head = piece_.substr(1, head_bytes - 1);
    std::uint32_t length = 0;
    take(head, length);
    if (length > longest_payload) return EPROTO;
    if (const int error = wait_for(head_bytes + length); error != 0) return error;
    record_bytes_ = head_bytes + length;
    return parse(piece_.front(), piece_.substr(head_bytes, length), record);
}

int TreeReader::wait_for(std::size_t bytes) {
    std::span<const std::byte> piece;
    int error = 0;
    // SIGTERM can come while it waits and at no other time.
    do
        error = in_.wait_for(bytes, piece);
    while (error == EINTR && told_to_end == 0);
    if (told_to_end != 0) return ECANCELED;
    if (error != 0) return error;
    piece_ = {reinterpret_cast<const char *>(piece.data()), piece.size()};
    return piece_.size() < bytes ? EPROTO : 0;
}

int TreeReader::parse(char kind, std::string_view payload, TreeRecord &record) {
    record.kind = kind;
    record.rest = {};
    bool whole = false;
    switch (kind) {
    case 'D':
        whole = take_meta(payload, record.meta) && take_name(payload, record.name);
        break;
    case 'F':
        whole = take_meta(payload, record.meta) && take(payload, record.number) && take_name(payload, record.name);
        break;
    case 'B':
        whole = take(payload, record.number);
        record.rest = payload;
        break;
    case 'E':
        whole = take(payload, record.number) && payload.empty();
        break;
    case 'L':
        whole = take_meta(payload, record.meta) && take_pair(payload, record.name, record.rest);
        break;
    case 'H':
        whole = take_pair(payload, record.name, record.rest);
        break;
    case 'P':
        whole = true;
        break;
    case 'U':
    case 'Z':
        whole = payload.empty();
        break;
    default:
        break;
    }
    return whole ? 0 : EPROTO;
}

void leave_end_to_reader() {
    struct sigaction action{};
    action.sa_handler = note_end;
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

} // namespace boxlite
