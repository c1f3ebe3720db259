import { dataHeadBytes, treeDataBytes, writeDataHead } from './tree-records';

// What is read of a file at once.
const mostParts = 4;

/** Memory that a file is read into so that the records of its data are there already, again and again. */
export class DataRecords {
  /** Where to read to, in order. */
  readonly parts: Buffer[] = [];
  readonly #memory: Buffer;

  /** For a file of so many bytes. */
  constructor(size: number) {
    const count = Math.min(Math.ceil(size / treeDataBytes), mostParts);
    const each = dataHeadBytes + Math.min(size, treeDataBytes);
    this.#memory = Buffer.allocUnsafeSlow(count * each);
    for (let begin = 0; begin < this.#memory.length; begin += each)
      this.parts.push(this.#memory.subarray(begin + dataHeadBytes, begin + each));
  }

  /** The record of a part that holds the file's bytes from `offset`; a view, good until the next reading. */
  record(part: Buffer, offset: number, length: number): Buffer {
    const begin = part.byteOffset - dataHeadBytes;
    const record = this.#memory.subarray(begin, begin + dataHeadBytes + length);
    writeDataHead(record, offset);
    return record;
  }
}
