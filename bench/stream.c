// Writes 64 MiB to its standard output, as fast as it can, in the pieces of bare_agent.c.
#include <unistd.h>

static char piece[256 * 1024];

int main(void) {
    size_t left = 64u << 20;
    while (left > 0) {
        const ssize_t count = write(1, piece, left < sizeof piece ? left : sizeof piece);
        if (count <= 0) return 1;
        left -= (size_t)count;
    }
    return 0;
}
