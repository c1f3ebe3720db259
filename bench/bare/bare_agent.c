// PID 1 of the bare machine: says hello to its host, then does what each byte that it is sent asks for.
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
// After sys/socket.h, whose sockaddr it needs.
#include <linux/vm_sockets.h>

#include "stream_out.h"

static const unsigned agent_port = 1024;
static const char hello = 'h';
static const char run = 'r';
static const char put_out = 'o';
static const char take_in = 'i';

// The box's agent does the same, cpp/agent/vsock_room.hpp: otherwise the host now and then never sends again.
static void tell_room(int stream) {
    static unsigned long long room = 4u << 20;
    room ^= 4096;
    setsockopt(stream, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &room, sizeof room);
}

// After so many milliseconds a read gives up; 0 for never.
static void set_patience(int stream, int ms) {
    const struct timeval patience = {.tv_usec = ms * 1000};
    setsockopt(stream, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

static int dial_vsock(void) {
    const struct sockaddr_vm host = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = agent_port};
    const int stream = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (stream < 0 || connect(stream, (const struct sockaddr *)&host, sizeof host) != 0) return -1;
    const unsigned long long most = 8u << 20;
    setsockopt(stream, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &most, sizeof most);
    tell_room(stream);
    return stream;
}

// With QEMU the kernel boots with one processor alone: cpp/shim/engine_qemu.cpp says why.
static void start_processors(void) {
    char path[64];
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    for (int number = 1;; ++number) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/online", number);
        const int online = open(path, O_WRONLY | O_CLOEXEC);
        if (online < 0) return;
        if (write(online, "1", 1) != 1) perror(path);
        close(online);
    }
}

static int open_port(void) {
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    return open("/dev/vport0p1", O_RDWR | O_CLOEXEC);
}

static char run_true(void) {
    static char *const argv[] = {"true", NULL};
    static char *const envp[] = {NULL};
    const pid_t child = vfork();
    if (child == 0) {
        execve("/true", argv, envp);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 126;
    return (char)WEXITSTATUS(status);
}

// What is left to take: 0, unless the channel broke.
static size_t stream_in(int stream) {
    size_t left = stream_bytes;
    size_t untold = 0;
    set_patience(stream, 50);
    while (left > 0) {
        const ssize_t count = read(stream, piece, left < sizeof piece ? left : sizeof piece);
        const int is_quiet = count < 0 && errno == EAGAIN;
        if (count <= 0 && !is_quiet) break;
        const size_t taken = is_quiet ? 0 : (size_t)count;
        left -= taken;
        untold += taken;
        if (!is_quiet && untold < 1u << 20) continue;
        tell_room(stream);
        untold = 0;
    }
    set_patience(stream, 0);
    return left;
}

static void serve(int stream) {
    if (write(stream, &hello, 1) != 1) return;
    for (char request = 0; read(stream, &request, 1) == 1;) {
        char answer = 0;
        if (request == run) answer = run_true();
        if (request == put_out && stream_out(stream) > 0) return;
        if (request == take_in && stream_in(stream) > 0) return;
        if (request != put_out && write(stream, &answer, 1) != 1) return;
    }
}

int main(void) {
    int stream = dial_vsock();
    if (stream < 0) {
        start_processors();
        stream = open_port();
    }
    if (stream >= 0) serve(stream);
    reboot(LINUX_REBOOT_CMD_RESTART);
    return 1;
}
