const smallest = 4 * 1024;
// Memory of that much costs nothing until it is written to.
const large = 1024 * 1024;

/** Keeps a copy of at most `limit` bytes of a stream: its first, its last, or half of each; counts the rest exactly. */
export class Collector {
  readonly #limit: number;
  readonly #headLimit: number;
  /** The first bytes, and behind them the last ones: once it is full, a ring that begins at `#oldest`. */
  #memory: Buffer = Buffer.alloc(0);
  #length = 0;
  #oldest: number;
  #isGivenOut = false;
  /** Bytes that were not kept. */
  dropped = 0;

  constructor(limit: number, keep: 'head' | 'tail' | 'both') {
    this.#limit = limit;
    this.#headLimit = { head: limit, tail: 0, both: Math.ceil(limit / 2) }[keep];
    this.#oldest = this.#headLimit;
  }

  add(chunk: Buffer): void {
    const count = Math.min(chunk.length, this.#limit - this.#length);
    if (count > 0) this.#append(chunk.subarray(0, count));
    if (count < chunk.length) this.#replace(chunk.subarray(count));
  }

  /** Of what came until now. */
  bytes(): Buffer {
    this.#isGivenOut = true;
    const kept = this.#memory.subarray(0, this.#length);
    rotate(kept.subarray(this.#headLimit), this.#oldest - this.#headLimit);
    this.#oldest = this.#headLimit;
    return kept;
  }

  #append(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#memory.length) this.#moveTo(this.#sizeFor(needed));
    this.#memory.set(bytes, this.#length);
    this.#length = needed;
  }

  /** Of a full memory, the oldest of the last bytes make room. */
  #replace(bytes: Buffer): void {
    this.dropped += bytes.length;
    if (this.#headLimit === this.#limit) return;
    if (this.#isGivenOut) this.#moveTo(this.#limit);
    for (let rest = bytes.subarray(-(this.#limit - this.#headLimit)); rest.length > 0; ) {
      const count = Math.min(rest.length, this.#limit - this.#oldest);
      this.#memory.set(rest.subarray(0, count), this.#oldest);
      this.#oldest += count;
      if (this.#oldest === this.#limit) this.#oldest = this.#headLimit;
      rest = rest.subarray(count);
    }
  }

  /** As large again as what is there, so that little output takes little memory. */
  #sizeFor(bytes: number): number {
    const size = this.#memory.length;
    return Math.min(this.#limit, Math.max(bytes, smallest, size < large ? size * 2 : size * 4));
  }

  #moveTo(size: number): void {
    const memory = Buffer.allocUnsafeSlow(size);
    memory.set(this.#memory.subarray(0, this.#length));
    this.#memory = memory;
    this.#isGivenOut = false;
  }
}

/** So that what is at `first` comes first. */
function rotate(bytes: Buffer, first: number): void {
  if (first === 0) return;
  const before = Buffer.from(bytes.subarray(0, first));
  bytes.copyWithin(0, first);
  bytes.set(before, bytes.length - first);
}
