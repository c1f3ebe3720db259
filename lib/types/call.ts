import type { LogRecord } from './observe';

/** Accepted by every asynchronous method. */
export interface Call {
  /** Cancels the work itself, not just the promise. An already aborted signal rejects before anything starts. */
  signal?: AbortSignal;
  /** Whole-call budget, milliseconds. */
  timeoutMs?: number;
}

/** A live handle, a listing row, or an id or name. */
export type BoxRef = { readonly id: string; readonly name: string } | string;

/** A string runs under `/bin/sh -c`; an array is execve'd as it is, never through a shell. */
export type Command = string | readonly string[];

export type Bytes = string | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

export type Signal = `SIG${string}`;

export type EngineName = 'krun' | 'qemu';

export type BoxState = 'creating' | 'running' | 'stopping' | 'stopped' | 'failed' | 'removing';

export interface RuntimeOptions {
  /** Directory that holds boxes, images and the database; absolute. Default: $BOXLITE_HOME, else ~/.boxlite */
  home?: string;
  /** Default 'auto': krun where a KVM probe really runs a guest instruction, else qemu. */
  engine?: 'auto' | EngineName;
  logger?: (record: LogRecord) => void;
}

export interface StopOptions extends Call {
  /** Time given to the guest to end by itself, milliseconds. Default 10_000 */
  graceMs?: number;
  /** Skips the grace. */
  force?: boolean;
}
