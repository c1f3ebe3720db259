const smallest = 4 * 1024;
const largest = 64 * 1024;
// As many as the largest frame fills.
const mostSpare = 4;

/** Bytes copied into memory of its own, dropped from the front; what is dropped is used again for what comes. */
export class Blocks {
  readonly #blocks: Buffer[] = [];
  readonly #spare: Buffer[] = [];
  // Where the bytes begin in the first block, and where they end in the last.
  #begin = 0;
  #end = 0;
  length = 0;

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const block = this.#lastWithRoom();
      const count = bytes.copy(block, this.#end, at);
      at += count;
      this.#end += count;
      this.length += count;
    }
  }

  dropFirst(count: number): void {
    this.#begin += count;
    this.length -= count;
    for (let first = this.#blocks[0]; first && this.#begin >= first.length; first = this.#blocks[0]) {
      this.#blocks.shift();
      this.#begin -= first.length;
      if (first.length === largest && this.#spare.length < mostSpare) this.#spare.push(first);
    }
  }

  /** The bytes in order; views, good until the next change. */
  parts(): Buffer[] {
    const last = this.#blocks.length - 1;
    return this.#blocks.map((block, n) =>
      block.subarray(n === 0 ? this.#begin : 0, n === last ? this.#end : block.length),
    );
  }

  #lastWithRoom(): Buffer {
    const last = this.#blocks.at(-1);
    if (last && this.#end < last.length) return last;
    // As large as all before, so that little output takes little memory.
    const block = this.#spare.pop() ?? Buffer.allocUnsafeSlow(Math.min(Math.max(this.length, smallest), largest));
    this.#blocks.push(block);
    this.#end = 0;
    return block;
  }
}
