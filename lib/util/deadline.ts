import { setMaxListeners } from 'node:events';
import { BoxliteError } from '../errors';
import type { Call, ErrorCode } from '../types';

/** Where a call's time ends: the caller's signal, its timeout, and the budgets of its parts, as one signal. */
export class Deadline implements Disposable {
  /** Aborts when the call is over; its reason is the BoxliteError to reject with. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #cleanups: (() => void)[] = [];
  readonly #endsAt: number;

  private constructor(
    parent: AbortSignal | undefined,
    reason: () => BoxliteError,
    timeoutMs: number | undefined,
    late: () => BoxliteError,
  ) {
    this.signal = this.#controller.signal;
    this.#endsAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    if (parent?.aborted) this.#controller.abort(reason());
    if (parent && !parent.aborted) {
      const onAbort = () => this.#controller.abort(reason());
      // One signal for many calls is no leak, of which Node would warn: each listener goes with its call. 0 is no limit.
      setMaxListeners(0, parent);
      parent.addEventListener('abort', onAbort, { once: true });
      this.#cleanups.push(() => parent.removeEventListener('abort', onAbort));
    }
    if (timeoutMs !== undefined && !this.signal.aborted) {
      const timer = setTimeout(() => this.#controller.abort(late()), timeoutMs);
      this.#cleanups.push(() => clearTimeout(timer));
    }
  }

  /** The deadline of a public call; `what` names it in the error, as in "createBox". */
  static of(call: Call, what: string): Deadline {
    return new Deadline(
      call.signal,
      () => new BoxliteError('aborted', `${what} was aborted`, { cause: call.signal?.reason }),
      call.timeoutMs,
      () => new BoxliteError('timeout', `${what} did not end within its ${call.timeoutMs} ms`, { retryable: true }),
    );
  }

  /** A budget of its own, under nobody's signal: for cleaning up after a call that was cut off. */
  static alone(timeoutMs: number, what: string): Deadline {
    return Deadline.of({ timeoutMs }, what);
  }

  /** A part of this call with a tighter budget. */
  within(timeoutMs: number, code: ErrorCode, message: string): Deadline {
    return new Deadline(
      this.signal,
      () => this.signal.reason as BoxliteError,
      timeoutMs,
      () => new BoxliteError(code, message, { retryable: true }),
    );
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  throwIfOver(): void {
    if (this.signal.aborted) throw this.signal.reason;
  }

  /** The promise's own outcome, or this deadline's error if that comes first. */
  async race<T>(promise: Promise<T>): Promise<T> {
    let onAbort: (() => void) | undefined;
    const over = new Promise<never>((_, reject) => {
      if (this.signal.aborted) return reject(this.signal.reason);
      onAbort = () => reject(this.signal.reason);
      this.signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([promise, over]);
    } finally {
      if (onAbort) this.signal.removeEventListener('abort', onAbort);
      promise.catch(() => {});
    }
  }

  [Symbol.dispose](): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }
}
