#pragma once
#include <cstdint>
#include <linux/sched.h>
#include <sys/syscall.h>

#ifndef __x86_64__
#error "boxlite-agent is written for x86-64 guests"
#endif

// System calls without errno. A child that shares our memory shares errno with us too, while both run.
namespace boxlite {

inline long to_register(long value) {
    return value;
}
inline long to_register(unsigned long value) {
    return static_cast<long>(value);
}
inline long to_register(int value) {
    return value;
}
inline long to_register(unsigned value) {
    return static_cast<long>(value);
}
inline long to_register(const volatile void *value) {
    return reinterpret_cast<long>(value);
}

// The result, or a negative errno.
template <typename A = long, typename B = long, typename C = long, typename D = long, typename E = long>
long raw_syscall(long number, A a = 0, B b = 0, C c = 0, D d = 0, E e = 0) {
    const long first = to_register(a), second = to_register(b), third = to_register(c);
    const long fourth = to_register(d), fifth = to_register(e);
    long result = number;
    register long r10 asm("r10") = fourth;
    register long r8 asm("r8") = fifth;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(first), "S"(second), "d"(third), "r"(r10), "r"(r8)
                 : "rcx", "r11", "memory", "cc");
    return result;
}

// clone3 onto the stack in `arguments`: the child calls `entry(argument)`, which must not return.
inline long clone_onto_stack(const clone_args *arguments, void (*entry)(void *), void *argument) {
    long result = SYS_clone3;
    asm volatile("syscall\n\t"
                 "test %%rax, %%rax\n\t"
                 "jnz 1f\n\t"
                 "xor %%ebp, %%ebp\n\t"
                 "mov %%rbx, %%rdi\n\t"
                 "call *%%rdx\n\t"
                 "ud2\n"
                 "1:"
                 : "+a"(result)
                 : "D"(arguments), "S"(sizeof *arguments), "d"(entry), "b"(argument)
                 : "rcx", "r11", "memory", "cc");
    return result;
}

} // namespace boxlite
