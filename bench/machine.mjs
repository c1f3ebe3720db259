/** The machine that both sides boot. */
export const machine = { cpus: 1, memoryMiB: 256 };
/** The one in which commands and files are measured. */
export const busyMachine = { cpus: 2, memoryMiB: 512 };

export const bootTimeoutMs = 60_000;
/** How much is streamed through the channel; bare/stream_out.h has the same number. */
export const streamBytes = 64 * 2 ** 20;
