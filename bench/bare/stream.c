// Sends to its standard output what bare_agent.c sends to its host.
#include "stream_out.h"

int main(void) { return stream_out(STDOUT_FILENO) > 0; }
