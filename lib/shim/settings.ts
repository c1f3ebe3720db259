import type { CheckedPolicy, CheckedPort } from '../options';
import type { EngineName } from '../types';

export const settingsVersion = 1;

/** The document that a shim reads on its stdin: all that it knows about its box. */
export interface ShimSettings {
  version: typeof settingsVersion;
  boxId: string;
  nonce: string;
  engine: EngineName;
  directory: string;
  sockets: { box: string; agent: string };
  cgroup: string | null;
  machine: { cpus: number; memoryMiB: number };
  disks: { path: string; readonly: boolean }[];
  programs: Programs;
  /** What boxlite-netd is told; without it the box has no network device. The shim does not read it. */
  network: NetdSettings | null;
  bootTimeoutMs: number;
  /** With it, the end of the program that holds the lifeline ends the box. */
  lifeline: boolean;
  boot: BootDocument;
}

export interface Programs {
  vmm: string;
  libkrun: string;
  libkrunfw: string;
  qemu: string;
  kernel: string;
  netd: string;
}

export interface NetdSettings {
  policy: CheckedPolicy;
  ports: CheckedPort[];
  dns: string[];
}

/** What the guest's agent is told at boot; the shim passes it on unread. */
export interface BootDocument {
  hostname: string;
  clockNs: string;
  growDisk: boolean;
  /** Whether the machine has a network device. */
  network: boolean;
}
