import { headBytesAt, isBulk, mostHeadBytes, treeBulkBytes, treeDataBytes, writeDataHead } from './tree-records';

// What is read of a file at once, of a small record.
const mostParts = 4;

/** Memory that a file is read into so that the records of its data are there already, again and again. */
export class DataRecords {
  readonly #memory: Buffer;
  readonly #parts: Buffer[];
  readonly #bulk: Buffer[];

  /** For a file of so many bytes. */
  constructor(size: number) {
    const each = mostHeadBytes + Math.min(size, treeDataBytes);
    const count = Math.min(Math.ceil(size / treeDataBytes), mostParts);
    const bulk = mostHeadBytes + Math.min(size, treeBulkBytes);
    this.#memory = Buffer.allocUnsafeSlow(Math.max(count * each, bulk));
    this.#parts = Array.from({ length: count }, (_, n) =>
      this.#memory.subarray(n * each + mostHeadBytes, (n + 1) * each),
    );
    this.#bulk = [this.#memory.subarray(mostHeadBytes, bulk)];
  }

  /** Where to read to, in order, what is to go from `position` on of the stream. */
  partsFor(offset: number, position: number): Buffer[] {
    return isBulk(offset, position) ? this.#bulk : this.#parts;
  }

  /** The record of what was read into the begin of a part, the file's bytes from `offset`; a view, good until the next reading. */
  record({ byteOffset, length }: Buffer, offset: number, position: number): Buffer {
    const begin = byteOffset - headBytesAt(position);
    writeDataHead(this.#memory.subarray(begin, byteOffset), offset, length);
    return this.#memory.subarray(begin, byteOffset + length);
  }
}
