/** What an option is when it is not given. */
export const defaults = {
  cpus: 1,
  memoryMiB: 512,
  diskMiB: 4096,
  maxOutputBytes: 16 * 1024 * 1024,
  killGraceMs: 2_000,
  stopGraceMs: 10_000,
} as const;
