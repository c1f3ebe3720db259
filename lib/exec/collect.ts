import { Blocks } from './blocks';

/** Keeps a copy of at most `limit` bytes of a stream: its first, its last, or half of each; counts the rest exactly. */
export class Collector {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  readonly #head = new Blocks();
  readonly #tail = new Blocks();
  /** Bytes that were not kept. */
  dropped = 0;

  constructor(limit: number, keep: 'head' | 'tail' | 'both') {
    const head = { head: limit, tail: 0, both: Math.ceil(limit / 2) }[keep];
    this.#headLimit = head;
    this.#tailLimit = limit - head;
  }

  add(chunk: Buffer): void {
    const toHead = Math.min(chunk.length, this.#headLimit - this.#head.length);
    this.#head.add(chunk.subarray(0, toHead));
    this.#addTail(chunk.subarray(toHead));
  }

  bytes(): Buffer {
    return Buffer.concat([...this.#head.parts(), ...this.#tail.parts()]);
  }

  #addTail(bytes: Buffer): void {
    const excess = Math.max(0, this.#tail.length + bytes.length - this.#tailLimit);
    const ofOld = Math.min(excess, this.#tail.length);
    this.#tail.dropFirst(ofOld);
    this.#tail.add(bytes.subarray(excess - ofOld));
    this.dropped += excess;
  }
}
