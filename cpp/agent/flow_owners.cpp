#include "flow_owners.hpp"
#include "../common/io.hpp"
#include "cgroup.hpp"
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstddef>
#include <linux/bpf.h>
#include <span>
#include <sys/syscall.h>
#include <unistd.h>

namespace boxlite {
namespace {

// The kernel forgets the oldest; a denial is asked about within milliseconds.
constexpr std::uint32_t most_flows = 4096;
// Of a command's cgroup below the root: /c/<id>.
constexpr int command_level = 2;

long bpf(enum bpf_cmd command, bpf_attr &attributes) {
    return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

// One instruction each: Documentation/bpf/standardization/instruction-set.rst.
using Code = std::uint8_t;
using Register = std::uint8_t;
using Offset = std::int16_t;
constexpr Register r0 = 0, r1 = 1, r2 = 2, r3 = 3, r4 = 4, r6 = 6, r7 = 7, frame = 10;
// Replaced by the way to the program's last two instructions.
constexpr Offset to_end = INT16_MAX;

constexpr bpf_insn instruction(int code, Register to, Register from, Offset offset, std::int32_t value) {
    bpf_insn made{};
    made.code = static_cast<Code>(code);
    made.dst_reg = to & 0xf;
    made.src_reg = from & 0xf;
    made.off = offset;
    made.imm = value;
    return made;
}
constexpr bpf_insn set(Register to, std::int32_t value) {
    return instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}
constexpr bpf_insn copy(Register to, Register from) {
    return instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
constexpr bpf_insn add(Register to, std::int32_t value) {
    return instruction(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value);
}
constexpr bpf_insn mask(Register to, std::int32_t bits) {
    return instruction(BPF_ALU64 | BPF_AND | BPF_K, to, 0, 0, bits);
}
constexpr bpf_insn load(int size, Register to, Offset at) {
    return instruction(BPF_LDX | BPF_MEM | size, to, frame, at, 0);
}
constexpr bpf_insn store(int size, Offset at, Register from) {
    return instruction(BPF_STX | BPF_MEM | size, frame, from, at, 0);
}
constexpr bpf_insn unless_equal(Register left, std::int32_t right, Offset offset) {
    return instruction(BPF_JMP | BPF_JNE | BPF_K, left, 0, offset, right);
}
constexpr bpf_insn if_equal(Register left, std::int32_t right, Offset offset) {
    return instruction(BPF_JMP | BPF_JEQ | BPF_K, left, 0, offset, right);
}
constexpr bpf_insn call(std::int32_t helper) {
    return instruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

// Where things are on the program's stack: the packet's IPv4 header and ports, the TCP flags, a Flow, a cgroup's id.
constexpr Offset head = -24, flags = -32, key = -48, value = -56;
constexpr std::int32_t head_bytes = 24;
constexpr std::int32_t tcp_flags_at = 20 + 13, syn = 0x02, syn_or_ack = 0x12;
constexpr std::int32_t ipv4_without_options = 0x45;
// In the byte order of the packet, as this machine loads it.
constexpr std::int32_t fragment_offset = 0xff1f;
static_assert(sizeof(Flow) == 12 && offsetof(Flow, source_port) == 4 && offsetof(Flow, address) == 8);

// Notes the cgroup of whoever sends a first packet over TCP, or any over UDP. It lets every packet pass.
auto note_owner(int map) {
    std::array program{
        copy(r6, r1),
        // bpf_skb_load_bytes(packet, 0, head, 24)
        set(r2, 0), copy(r3, frame), add(r3, head), set(r4, head_bytes), call(BPF_FUNC_skb_load_bytes),
        unless_equal(r0, 0, to_end),
        load(BPF_B, r1, head), unless_equal(r1, ipv4_without_options, to_end),
        load(BPF_H, r1, head + 6), mask(r1, fragment_offset), unless_equal(r1, 0, to_end),
        load(BPF_B, r7, head + 9), if_equal(r7, IPPROTO_UDP, 10), unless_equal(r7, IPPROTO_TCP, to_end),
        // bpf_skb_load_bytes(packet, 33, flags, 1)
        copy(r1, r6), set(r2, tcp_flags_at), copy(r3, frame), add(r3, flags), set(r4, 1), call(BPF_FUNC_skb_load_bytes),
        load(BPF_B, r1, flags), mask(r1, syn_or_ack), unless_equal(r1, syn, to_end),
        // Of both protocols.
        store(BPF_W, key, r7), load(BPF_W, r1, head + 20), store(BPF_W, key + 4, r1),
        load(BPF_W, r1, head + 16), store(BPF_W, key + 8, r1),
        copy(r1, r6), set(r2, command_level), call(BPF_FUNC_skb_ancestor_cgroup_id),
        instruction(BPF_STX | BPF_MEM | BPF_DW, frame, r0, value, 0),
        // bpf_map_update_elem(map, key, value, BPF_ANY)
        instruction(BPF_LD | BPF_IMM | BPF_DW, r1, BPF_PSEUDO_MAP_FD, 0, map), instruction(0, 0, 0, 0, 0),
        copy(r2, frame), add(r2, key), copy(r3, frame), add(r3, value), set(r4, BPF_ANY),
        call(BPF_FUNC_map_update_elem),
        set(r0, 1), instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};
    for (std::size_t i = 0; i < program.size(); ++i) {
        if (program[i].off == to_end) program[i].off = static_cast<Offset>(program.size() - 2 - i - 1);
    }
    return program;
}

std::uint64_t pointer(const void *to) {
    return reinterpret_cast<std::uintptr_t>(to);
}

Result<Fd> make_map() {
    bpf_attr attributes{};
    attributes.map_type = BPF_MAP_TYPE_LRU_HASH;
    attributes.key_size = sizeof(Flow);
    attributes.value_size = sizeof(std::uint64_t);
    attributes.max_entries = most_flows;
    Fd map(static_cast<int>(bpf(BPF_MAP_CREATE, attributes)));
    if (!map) return failure_from_errno("make the table of flows", errno);
    return map;
}

Result<Fd> load_program(std::span<const bpf_insn> program) {
    bpf_attr attributes{};
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_SKB;
    attributes.expected_attach_type = BPF_CGROUP_INET_EGRESS;
    attributes.insns = pointer(program.data());
    attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
    attributes.license = pointer("");
    Fd loaded(static_cast<int>(bpf(BPF_PROG_LOAD, attributes)));
    if (!loaded) return failure_from_errno("load the program that notes flows", errno);
    return loaded;
}

} // namespace

Result<Flow> parse_flow(const Json &flow) {
    const auto protocol = flow.string("protocol");
    if (!protocol) return protocol.failure();
    const auto source_port = flow.integer("sourcePort", 0, UINT16_MAX);
    if (!source_port) return source_port.failure();
    const auto port = flow.integer("port", 0, UINT16_MAX);
    if (!port) return port.failure();
    const auto ip = flow.string("ip");
    if (!ip) return ip.failure();
    Flow parsed{};
    parsed.protocol = protocol.value() == "tcp" ? IPPROTO_TCP : IPPROTO_UDP;
    parsed.source_port = htons(static_cast<std::uint16_t>(source_port.value()));
    parsed.port = htons(static_cast<std::uint16_t>(port.value()));
    if (::inet_pton(AF_INET, ip.value().c_str(), &parsed.address) != 1)
        return Failure{"invalid-argument", "Expected an IPv4 address for `ip` but received " + ip.value()};
    return parsed;
}

Result<FlowOwners> FlowOwners::begin() {
    auto map = make_map();
    if (!map) return map.failure();
    const auto instructions = note_owner(map.value().get());
    const auto program = load_program(instructions);
    if (!program) return program.failure();
    const Fd commands = open_commands_cgroup();
    bpf_attr attributes{};
    attributes.target_fd = static_cast<std::uint32_t>(commands.get());
    attributes.attach_bpf_fd = static_cast<std::uint32_t>(program.value().get());
    attributes.attach_type = BPF_CGROUP_INET_EGRESS;
    // Programs of the box's own may come below.
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    if (bpf(BPF_PROG_ATTACH, attributes) != 0) return failure_from_errno("note the flows of commands", errno);
    return FlowOwners(std::move(map.value()));
}

std::optional<std::uint64_t> FlowOwners::cgroup_of(const Flow &flow) const {
    std::uint64_t cgroup = 0;
    bpf_attr attributes{};
    attributes.map_fd = static_cast<std::uint32_t>(map_.get());
    attributes.key = pointer(&flow);
    attributes.value = pointer(&cgroup);
    if (bpf(BPF_MAP_LOOKUP_ELEM, attributes) != 0) return std::nullopt;
    return cgroup;
}

} // namespace boxlite
