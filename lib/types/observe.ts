import type { ExitInfo } from './box';
import type { EngineName } from './call';
import type { EgressDenied } from './network';

export type RuntimeEvent = { cursor: string; at: Date; box: string } & (
  | { type: 'created' | 'started' | 'removed' }
  | { type: 'exited'; exit: ExitInfo }
  /** `missed`: so many before it, while no program was connected to the box, are not events. */
  | { type: 'egress-denied'; denied: EgressDenied; missed?: number }
  /** The process of its network ended for the second time: the box goes on without a network. */
  | { type: 'network-lost' }
  | { type: 'oom'; pid: number; command: string }
  | { type: 'disk-low'; freeBytes: number }
);

export interface LogRecord {
  at: Date;
  source: 'console' | 'agent' | 'shim' | 'vmm' | 'netd' | 'sdk';
  level: 'debug' | 'info' | 'warn' | 'error';
  text: string;
  box?: string;
}

export interface Metrics {
  at: Date;
  cpuMs: number;
  guestMemoryBytes: number;
  hostMemoryBytes: number;
  diskBytes: number;
  netInBytes: number;
  netOutBytes: number;
  processes: number;
}

export interface DoctorReport {
  ok: boolean;
  engine: EngineName | null;
  checks: { id: string; status: 'ok' | 'warn' | 'fail'; detail: string; fix?: string }[];
}
