/** What boxlite.node offers: only what JS cannot do. A failed system call throws an Error with `code` (errno name) and `syscall`. */
export interface NativeContract {
  /** Starts a program and returns once it runs; a failure says by `syscall` which step failed. The pidfd is the caller's to close. */
  spawn(request: NativeSpawn): { pid: number; pidfd: number };
  /** A descriptor that means this very process for good; null when there is none of that number. The caller closes it. */
  pidfdOpen(pid: number): number | null;
  /** False when the process has ended and was reaped. */
  pidfdSend(pidfd: number, signal: number): boolean;
  /**
   * Calls back once, when the process has ended, be it a child or not, and is closed then; also when nobody holds the
   * watch. Never keeps the event loop alive. The pidfd stays the caller's, who may close it at once.
   */
  pidfdWatch(pidfd: number, ended: () => void): PidfdWatch;
  /** Reaps that child if it has ended; null when it has not, or is no child of this process. Never waits. */
  pidfdReap(pidfd: number): { code: number | null; signal: number | null } | null;
  /** Read end and write end, both close-on-exec. */
  pipe(): [number, number];
  /** An OFD lock on the whole file, held by the open file description; false when another holds one against it. */
  lockTry(fd: number, exclusive: boolean): boolean;
  /** Read-only: whether another open file description holds a lock. */
  lockHeld(fd: number): boolean;
  unlock(fd: number): void;
  /** Runs guest code on a throwaway virtual machine, on another thread, for at most 3 s; never rejects for what KVM lacks. */
  probeKvm(): Promise<{ ok: boolean; detail: string }>;
}

export interface NativeSpawn {
  /** Path; nothing is searched. */
  file: string;
  argv: readonly string[];
  /** The whole environment, as NAME=value. */
  env: readonly string[];
  /** The child's descriptor i is fds[i]; it gets no others. */
  fds: readonly number[];
  /** Directory of the cgroup that it starts in; a failure to join has `syscall` 'cgroup.procs'. Default: the caller's own */
  cgroup?: string;
  /** Default: the caller's own */
  cwd?: string;
}

export interface PidfdWatch {
  /** Idempotent; nothing is called back after it. */
  close(): void;
}
