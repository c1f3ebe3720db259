/** Keeps at most `limit` bytes of a stream: its first, its last, or half of each; counts the rest exactly. */
export class Collector {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  readonly #head: Buffer[] = [];
  readonly #tail: Buffer[] = [];
  #headBytes = 0;
  #tailBytes = 0;
  // Bytes of the first tail chunk that are dropped already.
  #skipped = 0;
  /** Bytes that were not kept. */
  dropped = 0;

  constructor(limit: number, keep: 'head' | 'tail' | 'both') {
    const head = { head: limit, tail: 0, both: Math.ceil(limit / 2) }[keep];
    this.#headLimit = head;
    this.#tailLimit = limit - head;
  }

  add(chunk: Buffer): void {
    const toHead = Math.min(chunk.length, this.#headLimit - this.#headBytes);
    if (toHead > 0) {
      this.#head.push(toHead === chunk.length ? chunk : Buffer.from(chunk.subarray(0, toHead)));
      this.#headBytes += toHead;
    }
    if (toHead < chunk.length) this.#addTail(toHead === 0 ? chunk : chunk.subarray(toHead));
  }

  bytes(): Buffer {
    const [first, ...rest] = this.#tail;
    return Buffer.concat([...this.#head, ...(first ? [first.subarray(this.#skipped), ...rest] : [])]);
  }

  #addTail(chunk: Buffer): void {
    if (this.#tailLimit === 0) {
      this.dropped += chunk.length;
      return;
    }
    this.#tail.push(chunk);
    this.#tailBytes += chunk.length;
    while (this.#tailBytes > this.#tailLimit) this.#trimFirst();
  }

  #trimFirst(): void {
    const held = (this.#tail[0]?.length ?? 0) - this.#skipped;
    const excess = Math.min(held, this.#tailBytes - this.#tailLimit);
    this.#skipped += excess;
    this.#tailBytes -= excess;
    this.dropped += excess;
    if (excess < held) return;
    this.#tail.shift();
    this.#skipped = 0;
  }
}
