import { BoxliteError } from '../errors';
import type { BoxLink } from '../exec/command';
import { Inflow } from '../exec/inflow';
import { Outflow } from '../exec/outflow';
import type { CallSink } from '../shim/connection';
import { channels, malformed } from '../shim/protocol';
import type { ErrorCode } from '../types';
import type { Deadline } from '../util/deadline';

// The agent kills a worker that does not end 20 s after it was told to; a while after that nobody waits for it.
const endMarginMs = 30_000;

/** What the agent says at the end of a file operation. */
export type FileExit = Record<string, unknown>;

/** One file operation on the wire. Its deadline ends it, and so does its disposal: it has ended when that resolves. */
export class FileCall implements AsyncDisposable {
  readonly input: Outflow;
  readonly output: Inflow;
  /** Only where the request asked for it. */
  readonly started: Promise<void>;
  /** Rejects with the agent's error, or with why the call was ended. */
  readonly ended: Promise<FileExit>;
  readonly #link: BoxLink;
  readonly #stream: number;
  readonly #fail: (error: unknown) => void;
  #cut: { reason: unknown } | undefined;
  #over = false;

  constructor(link: BoxLink, request: object, deadline: Deadline) {
    deadline.throwIfOver();
    this.#link = link;
    const started = settled<void>();
    const ended = settled<FileExit>();
    this.started = started.promise;
    this.ended = ended.promise;
    ended.promise.then(() => started.resolve(), started.reject);
    let stream = 0;
    this.input = new Outflow((bytes, end) => link.connection.data(stream, channels.stdin, bytes, end));
    this.output = new Inflow((bytes) => link.connection.grant(stream, channels.stdout, bytes));
    this.#fail = (error) => {
      const reason = this.#cut ? this.#cut.reason : error;
      this.#finish(reason as Error);
      ended.reject(reason);
    };
    const sink: CallSink = {
      started: () => started.resolve(),
      data: (channel, bytes, end) => {
        if (channel !== channels.stdout) throw malformed('data of a file operation that is not its output');
        this.output.push(bytes, end);
      },
      credit: (_, bytes) => this.input.granted(bytes),
      answer: () => {},
      ended: (kind, value) => {
        if (kind === 'error') return this.#fail(readError(value, link.id));
        this.#finish();
        ended.resolve(value);
      },
      lost: (cause) => void link.explainLoss(cause).then(this.#fail, this.#fail),
    };
    stream = link.connection.call(request, sink);
    this.#stream = stream;
    this.#endWith(deadline);
  }

  /** Ends the operation, which takes back what is half done; then `ended` rejects with the reason. */
  end(reason: unknown): void {
    if (this.#over || this.#cut) return;
    this.#cut = { reason };
    this.output.discard();
    this.#link.connection.control(this.#stream, { n: 1, op: 'end' });
    const timer = setTimeout(() => {
      this.#link.connection.release(this.#stream);
      this.#fail(reason);
    }, endMarginMs);
    const stop = () => clearTimeout(timer);
    this.ended.then(stop, stop);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end(new BoxliteError('aborted', 'Nobody waits for the file operation any more', { box: this.#link.id }));
    await this.ended.catch(() => {});
  }

  #endWith({ signal }: Deadline): void {
    const onOver = () => this.end(signal.reason);
    signal.addEventListener('abort', onOver, { once: true });
    const stop = () => signal.removeEventListener('abort', onOver);
    this.ended.then(stop, stop);
  }

  #finish(failure?: Error): void {
    this.#over = true;
    this.input.finish();
    this.output.finish(failure);
  }
}

/** Everything that a call puts out, and then its exit. */
export async function* outputOf(call: FileCall): AsyncGenerator<Buffer, FileExit> {
  for (let chunk = await call.output.take(); chunk; chunk = await call.output.take()) yield chunk;
  return await call.ended;
}

/** A promise with its two ends, whose rejection nobody has to hear. */
function settled<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

function readError(value: Record<string, unknown>, box: string): BoxliteError {
  const text = (name: string) => (typeof value[name] === 'string' ? (value[name] as string) : undefined);
  const code = (text('code') ?? 'protocol') as ErrorCode;
  return new BoxliteError(code, text('message') ?? 'The agent failed without a message', { hint: text('hint'), box });
}
