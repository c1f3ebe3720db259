#include "shared_ring.hpp"
#include "../../common/io.hpp"
#include <algorithm>
#include <csignal>
#include <new>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <utility>

namespace boxlite {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t state_bytes = page_bytes;
constexpr std::size_t mapped_bytes = state_bytes + 2 * SharedRing::capacity;
static_assert(sizeof(SharedRing::State) <= state_bytes && std::atomic<std::uint64_t>::is_always_lock_free);
// The reader tells of so many bytes that it took: less than its writer's smallest credit leaves it to go on with.
constexpr std::uint64_t worth_telling = 32 * 1024;

Status cannot_make() {
    return failure_from_errno("make memory for a file operation", errno, "limit");
}

bool map_at(std::byte *place, std::size_t bytes, int file, off_t offset) {
    return ::mmap(place, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, offset) != MAP_FAILED;
}

void tell(int eventfd) {
    // One that is full of news is news.
    ::eventfd_write(eventfd, 1);
}

} // namespace

Result<SharedRing> SharedRing::create() {
    SharedRing ring;
    if (const Status mapped = ring.map(); !mapped) return mapped.failure();
    ring.news.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    ring.room.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!ring.news || !ring.room) return cannot_make().failure();
    return ring;
}

Status SharedRing::map() {
    const Fd file(::memfd_create("input", MFD_CLOEXEC));
    if (!file || ::ftruncate(file.get(), state_bytes + capacity) != 0) return cannot_make();
    void *place = ::mmap(nullptr, mapped_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) return cannot_make();
    base_ = static_cast<std::byte *>(place);
    bytes_ = base_ + state_bytes;
    if (!map_at(base_, state_bytes + capacity, file.get(), 0) ||
        !map_at(bytes_ + capacity, capacity, file.get(), state_bytes))
        return cannot_make();
    state_ = new (base_) State;
    return success();
}

SharedRing::SharedRing(SharedRing &&other) noexcept
    : news(std::move(other.news)), room(std::move(other.room)), base_(std::exchange(other.base_, nullptr)),
      state_(other.state_), bytes_(other.bytes_) {}

SharedRing::~SharedRing() {
    if (base_ != nullptr) ::munmap(base_, mapped_bytes);
}

void RingWriter::prepare(std::size_t count) {
    if (prepared_ >= SharedRing::capacity) return;
    const std::size_t into_page = reinterpret_cast<std::uintptr_t>(place()) % page_bytes;
    // What could not be made is made when it is written to.
    ::madvise(place() - into_page, into_page + count, MADV_POPULATE_WRITE);
    prepared_ = written_ + count;
}

void RingWriter::wrote(std::size_t count) {
    written_ += count;
    state_.written.store(written_);
    if (state_.awaited.load() <= written_) wake_reader();
}

void RingWriter::complete() {
    state_.complete.store(true);
    if (state_.awaited.load() != SharedRing::nothing) wake_reader();
}

void RingWriter::wake_reader() const {
    state_.awaited.store(SharedRing::nothing);
    tell(ring_.news.get());
}

std::uint64_t RingWriter::taken() {
    const std::uint64_t said = state_.taken.load();
    if (said <= written_) taken_ = std::max(taken_, said);
    return taken_;
}

int RingReader::wait_for(std::size_t count, std::span<const std::byte> &piece) {
    while (!is_there(taken_ + count)) {
        if (const int error = sleep_until(taken_ + count); error != 0) return error;
    }
    piece = {ring_.at(taken_), static_cast<std::size_t>(state_.written.load() - taken_)};
    return 0;
}

bool RingReader::is_there(std::uint64_t position) const {
    return state_.complete.load() || state_.written.load() >= position;
}

int RingReader::sleep_until(std::uint64_t position) {
    state_.awaited.store(position);
    sigset_t none;
    ::sigemptyset(&none);
    pollfd waited{news_, POLLIN, 0};
    // The writer looks at what is awaited after it has written, and we the other way round.
    const int error = is_there(position) || ::ppoll(&waited, 1, nullptr, &none) >= 0 ? 0 : errno;
    state_.awaited.store(SharedRing::nothing);
    eventfd_t count = 0;
    ::eventfd_read(news_, &count);
    return error;
}

void RingReader::take(std::size_t count) {
    taken_ += count;
    state_.taken.store(taken_);
    if (taken_ - told_ < worth_telling) return;
    told_ = taken_;
    tell(room_);
}

} // namespace boxlite
