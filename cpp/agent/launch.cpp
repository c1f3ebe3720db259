#include "launch.hpp"
#include "../common/io.hpp"
#include "environment.hpp"
#include "raw_syscall.hpp"
#include <csignal>
#include <sys/mman.h>

namespace boxlite {
namespace {

constexpr std::size_t guard_bytes = 4096;
constexpr std::size_t stack_bytes = 64 * 1024;
constexpr std::size_t text_bytes = 64 * 1024;
constexpr std::size_t group_bytes = 65'536 * sizeof(gid_t); // NGROUPS_MAX
constexpr std::size_t file_bytes = 4u << 20;
constexpr std::size_t memory_bytes = guard_bytes + stack_bytes + text_bytes + group_bytes + file_bytes;
constexpr std::size_t slots_for_defaults = 3;

// Kept for the next launches; pages are there only once touched.
constexpr std::size_t kept_memories = 8;
std::vector<std::byte *> free_memories;

std::byte *take_memory() {
    if (!free_memories.empty()) {
        std::byte *memory = free_memories.back();
        free_memories.pop_back();
        return memory;
    }
    void *memory =
        ::mmap(nullptr, memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    ::mprotect(memory, guard_bytes, PROT_NONE);
    return static_cast<std::byte *>(memory);
}

void give_back(std::byte *memory) {
    if (memory == nullptr) return;
    if (free_memories.size() < kept_memories)
        free_memories.push_back(memory);
    else
        ::munmap(memory, memory_bytes);
}

std::vector<char *> pointers_to(std::vector<std::string> &strings, std::size_t spare) {
    std::vector<char *> pointers;
    pointers.reserve(strings.size() + spare + 1);
    for (auto &text : strings)
        pointers.push_back(text.data());
    pointers.resize(strings.size() + spare + 1, nullptr);
    return pointers;
}

} // namespace

Result<std::unique_ptr<Launch>> Launch::begin(ExecRequest request, int mount_namespace, int cgroup,
                                              LaunchStreams streams) {
    std::unique_ptr<Launch> launch(new Launch(std::move(request)));
    if (const Status laid = launch->lay_out(mount_namespace, streams); !laid) return laid.failure();
    if (const Status started = launch->start(cgroup); !started) return started.failure();
    return launch;
}

Launch::~Launch() {
    give_back(memory_);
}

Status Launch::lay_out(int mount_namespace, LaunchStreams streams) {
    memory_ = take_memory();
    if (memory_ == nullptr) return failure_from_errno("get memory for a command", errno, "limit");
    char *text = reinterpret_cast<char *>(memory_ + guard_bytes + stack_bytes);
    char *groups = text + text_bytes;
    plan_.text_room = {text, text_bytes};
    plan_.group_room = {reinterpret_cast<gid_t *>(groups), group_bytes / sizeof(gid_t)};
    plan_.file_room = {groups + group_bytes, file_bytes};

    argv_ = pointers_to(request_.argv, 0);
    environment_ = pointers_to(request_.environment, slots_for_defaults);
    plan_.argv = argv_.data();
    plan_.environment = environment_;
    plan_.environment_used = request_.environment.size();
    plan_.path = find_variable(request_.environment, "PATH");
    plan_.needs_home = find_variable(request_.environment, "HOME").data() == nullptr;
    plan_.needs_user = find_variable(request_.environment, "USER").data() == nullptr;
    plan_.needs_logname = find_variable(request_.environment, "LOGNAME").data() == nullptr;
    plan_.cwd = request_.cwd.c_str();
    plan_.user = *parse_user_spec(request_.user);
    plan_.mount_namespace = mount_namespace;
    plan_.in = streams.in;
    plan_.out = streams.out;
    plan_.err = streams.err;
    plan_.owns_in = streams.owns_in;
    plan_.terminal = streams.terminal;
    return success();
}

Status Launch::start(int cgroup) {
    auto pipe = make_pipe();
    if (!pipe) return pipe.failure();
    plan_.status = pipe.value().write.get();
    clone_args arguments{};
    arguments.flags = CLONE_VM | CLONE_INTO_CGROUP;
    arguments.exit_signal = SIGCHLD;
    arguments.stack = reinterpret_cast<std::uintptr_t>(memory_ + guard_bytes);
    arguments.stack_size = stack_bytes;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup);
    const long pid = clone_onto_stack(&arguments, launch_child, &plan_);
    if (pid < 0) return failure_from_errno("start a process", static_cast<int>(-pid), "limit");
    pid_ = static_cast<pid_t>(pid);
    // Only the child holds the writing end now: it closes with the exec or the child's death.
    pipe.value().write.reset();
    status_ = std::move(pipe.value().read);
    return success();
}

Failure Launch::failure() const {
    return launch_failure(request_, plan_.report);
}

} // namespace boxlite
