import type { BoxState, Command, EngineName, Signal } from './call';
import type { NetworkPolicy } from './network';

export interface BoxOptions {
  /** Registry reference, or something local: an OCI layout directory, a `docker save` or OCI archive, a plain root file system. */
  image: string | { layout: string; ref?: string } | { archive: string } | { rootfs: string };
  /** Unique in the home; [a-z0-9][a-z0-9_.-]{0,62} */
  name?: string;
  labels?: Record<string, string>;
  /** Default 1; at most 16 */
  cpus?: number;
  /** Default 512; at least 128 */
  memoryMiB?: number;
  /** Size of the box's own writable disk; sparse. Default 4096 */
  diskMiB?: number;
  /** Defaults of every command in the box; the image's own are below them. */
  user?: string;
  cwd?: string;
  env?: Record<string, string>;
  hostname?: string;
  mounts?: ({ host: string; guest: string; readonly?: boolean } | { tmpfs: string; sizeMiB?: number })[];
  ports?: { guest: number; host?: number; bind?: string; protocol?: 'tcp' | 'udp' }[];
  /** Default 'none' */
  network?: NetworkPolicy;
  /** The guest sees a placeholder; the value is put in only toward `hosts`. [later] */
  secrets?: Record<string, { value: string | (() => Promise<string>); hosts: string[] }>;
  /** What counts as ready, beyond a working exec. */
  ready?: { command: Command } | { port: number; path?: string };
  /** Default 60_000 with krun, 180_000 with qemu */
  bootTimeoutMs?: number;
  /** Keeps running when the creating process ends or dies. Default false */
  detached?: boolean;
  /** Removes the box when it stops. Default false */
  autoRemove?: boolean;
  /** Stops the box after this long without a command or an open connection. [later] */
  idleMs?: number;
  /** Stops the box this long after boot. [later] */
  maxLifeMs?: number;
}

export interface BoxInfo {
  id: string;
  name: string;
  state: BoxState;
  engine: EngineName;
  image: string;
  labels: Record<string, string>;
  createdAt: Date;
  startedAt?: Date;
  exit?: ExitInfo;
  ports: { guest: number; host: number; bind: string; protocol: 'tcp' | 'udp' }[];
  shimPid?: number;
  diskBytes: number;
}

export interface BootTimings {
  totalMs: number;
  imageMs: number;
  disksMs: number;
  shimMs: number;
  kernelMs: number;
  agentMs: number;
  imageCached: boolean;
}

export type ExitReason =
  | 'stopped'
  | 'killed'
  | 'host-exit'
  | 'guest-exit'
  | 'crash'
  | 'oom'
  | 'lost'
  | 'idle'
  | 'lifetime';

export interface ExitInfo {
  reason: ExitReason;
  code?: number;
  signal?: Signal;
  at: Date;
  consoleTail: string;
}

export interface Forward extends AsyncDisposable {
  readonly url: string;
  readonly host: number;
  readonly bind: string;
}
