/** The machine that both sides boot. */
export const machine = { cpus: 1, memoryMiB: 256 };

export const bootTimeoutMs = 60_000;
