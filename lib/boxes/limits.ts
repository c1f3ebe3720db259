import type { CgroupLimits } from '../ownership/cgroup';
import type { EngineName } from '../types';

const mib = 1024 * 1024;

/**
 * What the processes around a guest may take beyond its memory, in MiB. A bound against leaks, not an estimate: past it the
 * kernel ends the box as 'oom'.
 */
const overheadMiB: Record<EngineName, number> = {
  // libkrun's device threads and buffers, the kernel's image, the shim and the network: some 60 together, four times over.
  krun: 256,
  // TCG keeps translated code in a buffer of up to 1 GiB (DEFAULT_CODE_GEN_BUFFER_SIZE), and QEMU itself takes some 100.
  qemu: 1024 + 384,
};

// Threads count: vCPUs, up to 64 I/O workers of QEMU, those of the network's Go runtime, and room for a burst.
const pidsMax = 512;
// The devices of a guest that uses all its CPUs work too.
const deviceCpus = 1;

/** The limits of a box's cgroup. */
export function boxLimits(engine: EngineName, { memoryMiB, cpus }: { memoryMiB: number; cpus: number }): CgroupLimits {
  return { memoryMaxBytes: (memoryMiB + overheadMiB[engine]) * mib, pidsMax, cpus: cpus + deviceCpus };
}
