import { BoxliteError } from '../errors';
import { checkCall, checkKillSignal, checkMatch, checkStream, checkTerminalSize } from '../options';
import type { Call, ExecResult, Process, Signal } from '../types';
import { Deadline } from '../util/deadline';
import type { Collector } from './collect';
import { LogWatch } from './log-watch';
import { OutputStream } from './output-stream';
import { endedBeforeLine } from './result';
import type { CommandSession } from './session';
import { stdinStream } from './stdin-stream';

type Piece = { stream: 'stdout' | 'stderr'; data: Uint8Array };

/** A spawned command: its streams are read by the caller, or collected by wait(). */
export class SpawnedProcess implements Process {
  readonly id: string;
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array | string>;
  readonly #session: CommandSession;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #logs: LogWatch;
  #result: Promise<ExecResult> | undefined;

  constructor(id: string, pid: number, session: CommandSession) {
    this.id = id;
    this.pid = pid;
    this.#session = session;
    this.stdin = stdinStream(session.command.stdin);
    this.#stdout = new OutputStream(session.command.stdout);
    this.#stderr = new OutputStream(session.command.stderr);
    this.#logs = new LogWatch([session.command.stdout, session.command.stderr]);
  }

  get missed(): { stdout: number; stderr: number } {
    return { ...this.#session.command.missed };
  }

  get stdout(): ReadableStream<Uint8Array> {
    return this.#stdout.readable;
  }

  get stderr(): ReadableStream<Uint8Array> {
    return this.#stderr.readable;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Piece> {
    const sources = [
      { stream: 'stdout' as const, reader: this.stdout.getReader() },
      { stream: 'stderr' as const, reader: this.stderr.getReader() },
    ];
    const next = async (source: (typeof sources)[number]) => ({ source, read: await source.reader.read() });
    const pending = new Map(sources.map((source) => [source, next(source)]));
    try {
      while (pending.size > 0) {
        const { source, read } = await Promise.race(pending.values());
        if (read.done) pending.delete(source);
        else {
          pending.set(source, next(source));
          yield { stream: source.stream, data: read.value };
        }
      }
    } finally {
      for (const { reader } of sources) void reader.cancel().catch(() => {});
    }
  }

  async *lines(from: 'stdout' | 'stderr' = 'stdout'): AsyncGenerator<string> {
    const stream = checkStream(from);
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let rest = '';
    for await (const chunk of this[stream]) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    rest += decoder.decode();
    if (rest !== '') yield rest;
  }

  async wait(call: Call = {}): Promise<ExecResult> {
    using deadline = Deadline.of(checkCall(call, 'wait'), 'wait');
    deadline.throwIfOver();
    this.#result ??= this.#collect();
    return await deadline.race(this.#result);
  }

  async kill(signal: Signal = 'SIGTERM', call: Call = {}): Promise<boolean> {
    using deadline = Deadline.of(checkCall(call, 'kill'), 'kill');
    deadline.throwIfOver();
    return await deadline.race(this.#session.command.kill(checkKillSignal(signal)));
  }

  async waitForLog(match: string | RegExp, call: Call = {}): Promise<string> {
    const checked = checkMatch(match);
    using deadline = Deadline.of(checkCall(call, 'waitForLog'), 'waitForLog');
    deadline.throwIfOver();
    const found = await this.#logs.find(checked, this.#session.settings.maxOutputBytes, deadline);
    if (found !== null) return found;
    const result = await deadline.race(this.#session.result(Promise.resolve(), ...this.#unread()));
    throw endedBeforeLine(checked, result, this.#session.settings.box);
  }

  async resize(size: { cols: number; rows: number }): Promise<void> {
    await this.#session.command.resize(checkTerminalSize(size));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { command, settings } = this.#session;
    if (settings.detached) return this.#session.letGo();
    this.#session.cut(new BoxliteError('aborted', 'The process was disposed', { box: settings.box }));
    if (!this.#stdout.isTaken) command.stdout.discard();
    if (!this.#stderr.isTaken) command.stderr.discard();
    await command.ended.catch(() => {});
  }

  /** What nobody has taken of either stream. */
  #unread(): [Collector, Collector] {
    const { stdout, stderr } = this.#session.command;
    const [out, err] = [stdout, stderr].map((stream) => {
      const collector = this.#session.collector();
      for (const chunk of stream.held()) collector.add(chunk);
      return collector;
    });
    return [out, err] as [Collector, Collector];
  }

  #collect(): Promise<ExecResult> {
    const session = this.#session;
    const collectors = [this.#stdout, this.#stderr].map((output) => (output.take() ? session.collector() : null));
    const [stdout = null, stderr = null] = collectors;
    const reading = Promise.all([
      stdout && session.collect(session.command.stdout, stdout),
      stderr && session.collect(session.command.stderr, stderr),
    ]);
    return session.result(reading, stdout, stderr);
  }
}
