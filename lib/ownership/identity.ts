import { readFileSync } from 'node:fs';

// PF_KTHREAD, linux/sched.h.
const kernelThreadFlag = 0x0020_0000;
// An execve takes far less, but its process may have to wait for a processor.
const maxExecMs = 100;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Who a process is, beyond its number, which the kernel gives out again: proc_pid_stat(5), field 22, and its boot and argv. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot. */
  startTicks: bigint;
  bootId: string;
  /** Exact. */
  argv: readonly string[];
}

/**
 * Read-only: who that pid is now, or null when no live process has that number.
 *
 * It reads /proc/PID/stat and /proc/PID/cmdline and never signals, traces or waits. A zombie has ended and gives null, as
 * does a process that this user may not see (proc mounted with hidepid).
 */
export function readIdentity(pid: number): ProcessIdentity | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  for (;;) {
    const before = readStat(pid);
    const argv = before?.alive ? readArgv(pid) : null;
    const after = argv ? readStat(pid) : null;
    if (!before || !argv || !after?.alive) return null;
    // The number may have gone to another process between the reads.
    if (before.startTicks === after.startTicks) return { pid, startTicks: after.startTicks, bootId: bootId(), argv };
  }
}

/** True when both mean the same process: pid, start, boot and argv all agree. */
export function isSameProcess(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    one.pid === other.pid &&
    one.startTicks === other.startTicks &&
    one.bootId === other.bootId &&
    one.argv.length === other.argv.length &&
    one.argv.every((element, index) => element === other.argv[index])
  );
}

/** The argv of a process; empty for a zombie or a kernel thread, null when there is none of that number. */
export function readArgv(pid: number): string[] | null {
  for (let waitedMs = 0; ; waitedMs++) {
    const cmdline = readProc(pid, 'cmdline');
    if (cmdline === null) return null;
    if (cmdline !== '') return cmdline.replace(/\0$/, '').split('\0');
    // In the middle of an execve(2) a process has no arguments: its parent, going on already, must not miss it.
    if (waitedMs === maxExecMs || !readStat(pid)?.hasArguments) return [];
    Atomics.wait(sleeper, 0, 0, 1);
  }
}

/** The pid of a process's parent; null when there is no such process or no parent. */
export function readParent(pid: number): number | null {
  return readStat(pid)?.parent || null;
}

/** The effective uid of a process. /proc/PID's owner would not do: it is root for one that cannot be dumped. */
export function readUid(pid: number): number | null {
  const uid = /^Uid:\t\d+\t(\d+)/m.exec(readProc(pid, 'status') ?? '')?.[1];
  return uid === undefined ? null : Number(uid);
}

/** Whether a process has a file of that name in its memory, as a program or library. */
export function hasMapped(pid: number, name: string): boolean {
  return readProc(pid, 'maps')?.includes(`/${name}`) ?? false;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

interface Stat {
  /** No zombie. */
  alive: boolean;
  /** Or will have them, once its execve is done. */
  hasArguments: boolean;
  parent: number;
  startTicks: bigint;
}

function readStat(pid: number): Stat | null {
  const stat = readProc(pid, 'stat');
  // The program's name, in parentheses, may itself hold parentheses and spaces.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, flags, startTicks] = [fields?.[0], fields?.[1], fields?.[6], fields?.[19]];
  if (state === undefined || startTicks === undefined) return null;
  const alive = !['Z', 'X', 'x'].includes(state);
  const hasArguments = alive && (Number(flags) & kernelThreadFlag) === 0;
  return { alive, hasArguments, parent: Number(parent), startTicks: BigInt(startTicks) };
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // Whatever the reason (ESRCH in the middle of a read, ENOENT, EPERM): nothing can be known of it.
    return null;
  }
}
