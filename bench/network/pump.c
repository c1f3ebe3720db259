// pump serve PORT            serves on all addresses, one connection after the other; prints the port, and for each
//                            transfer its bytes and the nanoseconds that it took, by this side's clock.
// pump up|down HOST PORT MIB moves so many MiB to the server, or from it.
//
// The same program on both sides of both networks, so that what differs is what carries the bytes.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { chunk = 128 * 1024, mib = 1024 * 1024 };

static char buffer[chunk];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct sockaddr_in at(const char *host, const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die(host);
    return address;
}

static void write_all(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        const ssize_t written = write(fd, bytes, count);
        if (written < 0) die("write");
        bytes += written;
        count -= (size_t)written;
    }
}

static int64_t read_to_end(int fd) {
    int64_t total = 0;
    for (;;) {
        const ssize_t count = read(fd, buffer, chunk);
        if (count < 0) die("read");
        if (count == 0) return total;
        total += count;
    }
}

static void send_mib(int fd, long count) {
    for (long i = 0; i < count * (mib / chunk); ++i)
        write_all(fd, buffer, chunk);
    if (shutdown(fd, SHUT_WR) != 0) die("shutdown");
}

static void told(int64_t bytes, int64_t began) {
    printf("%lld %lld\n", (long long)bytes, (long long)(now() - began));
    fflush(stdout);
}

// The first line says what is wanted: "u" to take bytes, "d MIB" to give some, anything else is answered with "ok".
static void serve(int fd) {
    char line[32];
    size_t length = 0;
    while (length < sizeof line - 1) {
        if (read(fd, line + length, 1) != 1) return;
        if (line[length++] == '\n') break;
    }
    line[length] = '\0';
    const int64_t began = now();
    if (line[0] == 'u') {
        const int64_t bytes = read_to_end(fd);
        told(bytes, began);
    } else if (line[0] == 'd') {
        const long count = atol(line + 1);
        send_mib(fd, count);
        // The other side closes once it has all.
        read_to_end(fd);
        told((int64_t)count * mib, began);
    } else {
        write_all(fd, "ok\n", 3);
    }
}

static void serve_on(const char *port) {
    struct sockaddr_in address = at("0.0.0.0", port);
    socklen_t size = sizeof address;
    const int one = 1;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) die("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 64) != 0) die("listen");
    if (getsockname(listener, (struct sockaddr *)&address, &size) != 0) die("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        if (fd < 0) die("accept");
        serve(fd);
        close(fd);
    }
}

static void move(const char *what, const char *host, const char *port, const char *count) {
    struct sockaddr_in address = at(host, port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
    if (strcmp(what, "up") == 0) {
        write_all(fd, "u\n", 2);
        send_mib(fd, atol(count));
        read_to_end(fd);
    } else {
        char line[32];
        write_all(fd, line, (size_t)snprintf(line, sizeof line, "d %ld\n", atol(count)));
        read_to_end(fd);
    }
    close(fd);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (argc == 3 && strcmp(argv[1], "serve") == 0) serve_on(argv[2]);
    if (argc != 5) {
        fprintf(stderr, "usage: pump serve PORT | pump up|down HOST PORT MIB\n");
        return 2;
    }
    move(argv[1], argv[2], argv[3], argv[4]);
    return 0;
}
