import { types } from 'node:util';
import type { Bytes } from '../types';
import type { Outflow } from './outflow';

/**
 * Sends a whole source to the command and then its EOF; rejects when the source fails.
 * A command that ends, or that reads nothing, ends the pump, and the source is told by its iterator's return().
 */
export async function pumpStdin(source: Bytes, out: Outflow, ended: Promise<unknown>): Promise<void> {
  const chunks = chunksOf(source);
  const over = ended.then(
    () => null,
    () => null,
  );
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), over]);
      if (next === null) return;
      if (next.done) break;
      if (!(await out.write(asBytes(next.value)))) return;
    }
    out.end();
  } finally {
    // Not awaited: a source that is busy with its next chunk may take for ever.
    void Promise.resolve(chunks.return?.()).catch(() => {});
  }
}

function chunksOf(source: Bytes): AsyncIterator<unknown> {
  if (typeof source === 'string' || types.isUint8Array(source)) return one(source);
  return (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}

function asBytes(chunk: unknown): Uint8Array {
  if (types.isUint8Array(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw new TypeError(`Expected a Uint8Array from the stdin source but received ${typeof chunk}`);
}
