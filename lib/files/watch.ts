import { BoxliteError } from '../errors';
import type { BoxLink } from '../exec/command';
import { malformed } from '../shim/protocol';
import type { Watch } from '../types';
import { Deadline } from '../util/deadline';
import { FileCall, outputOf } from './call';
import { splitRecords } from './entries';
import { pathText, wireBytes } from './path';

type Event = Watch extends AsyncIterable<infer T> ? T : never;

const types = new Map<string, Event['type']>([
  ['c', 'create'],
  ['w', 'write'],
  ['d', 'remove'],
  ['r', 'rename'],
  ['o', 'overflow'],
]);

/**
 * Resolves when the watch is armed. The caller's signal ends it, its timeout is over with the arming. `below`, a wire path,
 * goes before every path of a guest that sees no further up than that.
 */
export async function openWatch(
  link: BoxLink,
  request: object,
  arming: Deadline,
  signal: AbortSignal | undefined,
  below = '',
): Promise<Watch> {
  const life = Deadline.of(signal ? { signal } : {}, 'watch');
  const call = new FileCall(link, request, life);
  const dispose = () => life[Symbol.dispose]();
  call.ended.then(dispose, dispose);
  try {
    await arming.race(call.started);
    return new FileWatch(call, below);
  } catch (error) {
    await call[Symbol.asyncDispose]();
    throw error;
  }
}

class FileWatch implements Watch {
  readonly #call: FileCall;
  readonly #events: AsyncIterator<Event>;
  #isDisposed = false;

  constructor(call: FileCall, below: string) {
    this.#call = call;
    this.#events = readEvents(splitRecords(outputOf(call)), below);
  }

  /** Ends with the watch: who leaves the loop may come back for what happens next. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
    for (;;) {
      const next = await this.#next();
      if (next.done) return;
      yield next.value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#call[Symbol.asyncDispose]();
  }

  async #next(): Promise<IteratorResult<Event>> {
    try {
      return await this.#events.next();
    } catch (error) {
      if (this.#isDisposed && BoxliteError.is(error, 'aborted')) return { done: true, value: undefined };
      throw error;
    }
  }
}

/** The events in a stream of records; a rename has a second one, with the path that it had. */
export async function* readEvents(records: AsyncGenerator<Buffer>, below = ''): AsyncGenerator<Event> {
  const whole = (path: Buffer) => {
    const isTop = below !== '' && path.toString('latin1') === '/';
    return pathText(Buffer.concat([wireBytes(below), isTop ? Buffer.alloc(0) : path]));
  };
  for (;;) {
    const next = await records.next();
    if (next.done) return;
    const type = types.get(next.value.toString('latin1', 0, 1));
    const path = whole(next.value.subarray(1));
    if (!type) throw malformed('an event of no known kind');
    if (type !== 'rename') {
      yield { type, path };
      continue;
    }
    const from = await records.next();
    if (from.done) throw malformed('half a rename');
    yield { type, path, from: whole(from.value) };
  }
}
