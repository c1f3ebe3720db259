import { BoxliteError } from '../errors';
import type { Bytes, ErrorCode, ExecResult } from '../types';
import type { Deadline } from '../util/deadline';
import { Collector } from './collect';
import type { RunningCommand } from './command';
import type { Inflow } from './inflow';
import { execResult, withPartial } from './result';
import { pumpStdin } from './stdin';

// Past the grace the agent kills; this long after, the connection to the call is given up. Generous: a guest may be slow.
const endMarginMs = 10_000;

export interface SessionSettings {
  box: string;
  killSignal: number;
  killGraceMs: number;
  maxOutputBytes: number;
  keep: 'head' | 'tail' | 'both';
  /** It goes on without this program. */
  detached?: boolean;
}

/** A command with its time limit: whichever of its end, the caller's abort and its own failure comes first decides. */
export class CommandSession {
  readonly command: RunningCommand;
  readonly settings: SessionSettings;
  readonly #deadline: Deadline;
  #cut: { reason: unknown } | undefined;

  /** The deadline is the command's own from here on: it ends with the command. */
  constructor(command: RunningCommand, deadline: Deadline, settings: SessionSettings) {
    this.command = command;
    this.settings = settings;
    this.#deadline = deadline;
    const onOver = () => this.cut(asExecError(deadline.signal.reason as BoxliteError));
    if (deadline.signal.aborted) onOver();
    else deadline.signal.addEventListener('abort', onOver, { once: true });
    const dispose = () => deadline[Symbol.dispose]();
    command.ended.then(dispose, dispose);
  }

  /** Ends the command for that reason: the signal to all its processes, the grace, SIGKILL. The first reason stays. */
  cut(reason: unknown): void {
    if (this.#cut) return;
    this.#cut = { reason };
    this.#deadline[Symbol.dispose]();
    const { killSignal, killGraceMs } = this.settings;
    this.command.end(killSignal, killGraceMs);
    const given = new BoxliteError('aborted', 'The command did not end in time after it was cut off', {
      box: this.settings.box,
    });
    const timer = setTimeout(() => this.command.release(given), killGraceMs + endMarginMs);
    const stop = () => clearTimeout(timer);
    this.command.ended.then(stop, stop);
  }

  /** The command goes on, and this program hears no more of it. */
  letGo(): void {
    this.#deadline[Symbol.dispose]();
    this.command.release(new BoxliteError('aborted', 'The process was let go', { box: this.settings.box }));
  }

  /** Why it was cut, if it was. */
  get cutReason(): unknown {
    return this.#cut?.reason;
  }

  collector(): Collector {
    return new Collector(this.settings.maxOutputBytes, this.settings.keep);
  }

  /** Reads a stream to its end into the collector. What `onChunk` throws ends the command, and nobody waits for the rest. */
  async collect(stream: Inflow, into: Collector, onChunk?: (chunk: Uint8Array) => void): Promise<void> {
    try {
      await stream.drain((bytes) => {
        into.add(bytes);
        onChunk?.(Buffer.from(bytes));
      });
    } catch (error) {
      stream.discard();
      this.cut(error);
    }
  }

  /** Feeds the command; a source that fails ends it. */
  async feed(source: Bytes): Promise<void> {
    try {
      await pumpStdin(source, this.command.stdin, this.command.ended);
    } catch (error) {
      this.cut(error);
    }
  }

  /** The result once all was read and the command is over; rejects with why it was cut, and what there was so far. */
  async result(reading: Promise<unknown>, stdout: Collector | null, stderr: Collector | null): Promise<ExecResult> {
    const [, ended] = await Promise.allSettled([reading, this.command.ended]);
    const exit = ended.status === 'fulfilled' ? ended.value : null;
    if (!this.#cut && ended.status === 'fulfilled')
      return execResult(exit, stdout, stderr, this.command.denied, { timedOut: false, aborted: false });
    const why = this.#cut ? this.#cut.reason : (ended as PromiseRejectedResult).reason;
    if (!BoxliteError.is(why) || !carriesPartial.has(why.code)) throw why;
    const cut = { timedOut: why.code === 'exec-timeout', aborted: why.code === 'aborted' };
    throw withPartial(why, execResult(exit, stdout, stderr, this.command.denied, cut), this.settings.box);
  }
}

const carriesPartial = new Set<ErrorCode>(['aborted', 'exec-timeout', 'box-died', 'box-state']);

function asExecError(error: BoxliteError): BoxliteError {
  return error.code === 'timeout' ? execTimeout(error) : error;
}

/** What a command's own time limit is called. */
export function execTimeout({ message, box }: BoxliteError): BoxliteError {
  return new BoxliteError('exec-timeout', message, {
    box,
    hint: 'Raise timeoutMs; what it had printed is in error.partial.',
  });
}
