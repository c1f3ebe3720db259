import { BoxliteError } from '../errors';
import { readDenied } from '../network/denied';
import type { CallSink, ShimConnection } from '../shim/connection';
import { type Channel, channels, malformed } from '../shim/protocol';
import type { EgressDenied, ErrorCode } from '../types';
import { Inflow } from './inflow';
import { Outflow } from './outflow';

// A command that is denied without end is told of its first ones; the guest, which says whose they are, may repeat itself.
const mostDenied = 1_000;

/** How a command ended, as the agent says it. */
export interface CommandExit {
  exitCode: number | null;
  signal: number | null;
  oomKilled: boolean;
  durationMs: number;
  cpuMs: number;
  peakMemoryBytes: number;
}
export interface CommandStart {
  id: string;
  pid: number;
}

/** Where a box's commands go, and who can say why the box is gone. */
export interface BoxLink {
  id: string;
  connection: ShimConnection;
  /** The error for a call that lost its box: waits for the exit record. */
  explainLoss(cause: BoxliteError): Promise<BoxliteError>;
}

/** One running command on the wire: its three streams by credit, its start and its end. */
export class RunningCommand {
  readonly stdin: Outflow;
  readonly stdout: Inflow;
  readonly stderr: Inflow;
  readonly started: Promise<CommandStart>;
  readonly ended: Promise<CommandExit>;
  /** Bytes of a detached command that were no longer kept when this call came to them. */
  readonly missed = { stdout: 0, stderr: 0 };
  /** What the box's network denied it until now: its first 1,000. */
  readonly denied: EgressDenied[] = [];
  readonly #link: BoxLink;
  readonly #stream: number;
  readonly #answers = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #fail: (error: BoxliteError) => void = () => {};
  #nextControl = 1;
  #over = false;

  constructor(link: BoxLink, request: object) {
    this.#link = link;
    const started = settled<CommandStart>();
    const ended = settled<CommandExit>();
    this.started = started.promise;
    this.ended = ended.promise;
    let stream = 0;
    this.stdin = new Outflow((bytes, end) => link.connection.data(stream, channels.stdin, bytes, end));
    this.stdout = new Inflow((bytes) => link.connection.grant(stream, channels.stdout, bytes));
    this.stderr = new Inflow((bytes) => link.connection.grant(stream, channels.stderr, bytes));
    const fail = (error: BoxliteError) => {
      this.#finish(error);
      started.reject(error);
      ended.reject(error);
    };
    this.#fail = fail;
    const sink: CallSink = {
      started: (value) => {
        this.#takeState(value);
        started.resolve(readStart(value));
      },
      data: (channel, bytes, end) => this.#inflow(channel).push(bytes, end),
      denial: (value) => {
        if (this.denied.length < mostDenied) this.denied.push(readDenied(value));
      },
      credit: (_, bytes) => this.stdin.granted(bytes),
      answer: (value) => this.#answer(value),
      ended: (kind, value) => {
        if (kind === 'error') return fail(readError(value, link.id));
        this.#finish();
        ended.resolve(readExit(value));
      },
      lost: (cause) => void link.explainLoss(cause).then(fail, fail),
    };
    stream = link.connection.call(request, sink);
    this.#stream = stream;
  }

  /** Signals every process of the command; false when it had ended. */
  async kill(signal: number): Promise<boolean> {
    return (await this.#control({ op: 'kill', signal })) === true;
  }

  /** Signals every process, and after the grace kills what is left. */
  end(signal: number, graceMs: number): void {
    void this.#control({ op: 'end', signal, graceMs }).catch(() => {});
  }

  /** Changes the size of the command's terminal; of one that has ended, nothing. Rejects without a terminal. */
  async resize(size: { cols: number; rows: number }): Promise<void> {
    await this.#control({ op: 'resize', ...size });
  }

  /** Lets go without waiting: the agent ends the command. */
  release(why: BoxliteError): void {
    if (this.#over) return;
    this.#link.connection.release(this.#stream);
    this.#fail(why);
  }

  #control(request: object): Promise<unknown> {
    if (this.#over) return Promise.resolve(false);
    const n = this.#nextControl++;
    return new Promise((resolve, reject) => {
      this.#answers.set(n, { resolve, reject });
      this.#link.connection.control(this.#stream, { n, ...request });
    });
  }

  #answer(value: Record<string, unknown>): void {
    const waiting = this.#answers.get(Number(value.n));
    if (!waiting) throw malformed('an answer to no question');
    this.#answers.delete(Number(value.n));
    if (isObject(value.error)) waiting.reject(readError(value.error, this.#link.id));
    else waiting.resolve(value.value);
  }

  /** What the agent says anew of a detached command whenever it changes. */
  #takeState(value: Record<string, unknown>): void {
    if (isObject(value.missed)) {
      this.missed.stdout = Number(value.missed.stdout);
      this.missed.stderr = Number(value.missed.stderr);
    }
    if (value.stdin !== false) return;
    const hint = 'stdin belongs to whoever joined last: attach again to have it back.';
    this.stdin.finish(
      new BoxliteError('box-busy', "The command's stdin was taken by a later attach", { box: this.#link.id, hint }),
    );
  }

  #inflow(channel: Channel): Inflow {
    if (channel === channels.stdout) return this.stdout;
    if (channel === channels.stderr) return this.stderr;
    throw malformed('data on stdin toward the client');
  }

  #finish(failure?: BoxliteError): void {
    this.#over = true;
    this.stdin.finish();
    this.stdout.finish(failure);
    this.stderr.finish(failure);
    for (const { resolve } of this.#answers.values()) resolve(false);
    this.#answers.clear();
  }
}

/** A promise with its two ends, whose rejection nobody has to hear. */
function settled<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

function readStart(value: Record<string, unknown>): CommandStart {
  const { id, pid } = value;
  if (typeof id !== 'string' || typeof pid !== 'number') throw malformed('started without id and pid');
  return { id, pid };
}

function readExit(value: Record<string, unknown>): CommandExit {
  const number = (name: string) => (typeof value[name] === 'number' ? (value[name] as number) : null);
  const exitCode = number('exitCode');
  const signal = number('signal');
  if ((exitCode === null) === (signal === null)) throw malformed('an exit with neither or both of code and signal');
  return {
    exitCode,
    signal,
    oomKilled: value.oomKilled === true,
    durationMs: number('durationMs') ?? 0,
    cpuMs: number('cpuMs') ?? 0,
    peakMemoryBytes: number('peakMemoryBytes') ?? 0,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function readError(value: Record<string, unknown>, box: string): BoxliteError {
  const text = (name: string) => (typeof value[name] === 'string' ? (value[name] as string) : undefined);
  return new BoxliteError(
    (text('code') ?? 'protocol') as ErrorCode,
    text('message') ?? 'The agent failed without a message',
    {
      hint: text('hint'),
      box,
    },
  );
}
