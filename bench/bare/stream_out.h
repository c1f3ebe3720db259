#pragma once
#include <unistd.h>

static const size_t stream_bytes = 64u << 20;
static char piece[256 * 1024];

// What is left to send: 0, unless the channel broke.
static size_t stream_out(int stream) {
    size_t left = stream_bytes;
    while (left > 0) {
        const ssize_t count = write(stream, piece, left < sizeof piece ? left : sizeof piece);
        if (count <= 0) break;
        left -= (size_t)count;
    }
    return left;
}
