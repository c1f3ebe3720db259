import type { Bytes, Call, Signal } from './call';
import type { EgressDenied } from './network';

export interface ExecOptions extends Call {
  cwd?: string;
  /** Over the box's own; null takes a variable away. */
  env?: Record<string, string | null>;
  /** name, uid, or either with :group or :gid, looked up in the box. */
  user?: string;
  stdin?: Bytes;
  check?: boolean;
  /** Kept per stream; the rest is counted in `dropped`. Default 16 MiB */
  maxOutputBytes?: number;
  /** Which end is kept when the limit is passed. Default 'both' */
  keep?: 'head' | 'tail' | 'both';
  onStdout?: (chunk: Uint8Array) => void;
  onStderr?: (chunk: Uint8Array) => void;
  /** First signal on abort or timeout, to every process of the command. Default SIGTERM */
  killSignal?: Signal;
  /** Then, this long after, SIGKILL. Default 2_000 */
  killGraceMs?: number;
  /** Limits of this command alone. */
  limits?: { memoryMiB?: number; cpus?: number; pids?: number };
}

export interface SpawnOptions extends Omit<ExecOptions, 'stdin' | 'check' | 'onStdout' | 'onStderr'> {
  tty?: boolean | { cols: number; rows: number };
  /** Outlives the connection; joined again with attach. Default false */
  detached?: boolean;
  name?: string;
}

export interface ExecResult {
  exitCode: number | null;
  signal: Signal | null;
  ok: boolean;
  timedOut: boolean;
  aborted: boolean;
  oomKilled: boolean;
  durationMs: number;
  /** Decoded once over the whole stream. */
  stdout: string;
  stderr: string;
  /** Exact. */
  stdoutBytes: Uint8Array;
  stderrBytes: Uint8Array;
  dropped: { stdout: number; stderr: number };
  denied: EgressDenied[];
  usage: { cpuMs: number; peakMemoryBytes: number };
}

/** Not thenable. Streams are pull-driven end to end: an unread stream holds the command back, not the host's memory. */
export interface Process extends AsyncIterable<{ stream: 'stdout' | 'stderr'; data: Uint8Array }>, AsyncDisposable {
  readonly id: string;
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array | string>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /** Bytes that were no longer kept when this handle joined. */
  readonly missed: { stdout: number; stderr: number };
  lines(from?: 'stdout' | 'stderr'): AsyncIterable<string>;
  waitForLog(match: string | RegExp, call?: Call): Promise<string>;
  wait(call?: Call): Promise<ExecResult>;
  kill(signal?: Signal, call?: Call): Promise<boolean>;
  resize(size: { cols: number; rows: number }): Promise<void>;
}

export interface ProcessInfo {
  id: string;
  pid: number;
  name?: string;
  command: readonly string[];
  startedAt: Date;
  running: boolean;
}
