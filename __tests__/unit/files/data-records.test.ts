import { DataRecords } from '../../../lib/files/data-records';
import { encodeRecord, treeBulkBytes, treeDataBytes } from '../../../lib/files/tree-records';

const mib = 2 ** 20;

describe('the records of a file', () => {
  test.each([1, 5000, treeDataBytes, treeDataBytes + 1, 9 * mib])('of %d bytes are padded to whole sectors', (size) => {
    const records = new DataRecords(size);
    let offset = 7 * 2 ** 33;
    for (const position of [0, 1, 18, 494, 495, 511, 512, 123_457]) {
      for (const [n, part] of records.partsFor(0, position).entries()) {
        part.fill(n + 1);
        const bytes = part.subarray(0, part.length - n);
        const record = records.record(bytes, offset, position);
        const own = encodeRecord({ kind: 'B', offset, bytes });
        const padding = record.subarray(0, record.length - own.length);
        expect(record.subarray(padding.length).equals(own)).toBe(true);
        expect([padding.toString('latin1', 0, 1), padding.readUInt32LE(1)]).toEqual(['P', padding.length - 5]);
        expect(padding.subarray(5).every((byte) => byte === 0)).toBe(true);
        expect((position + record.length - bytes.length) % 512).toBe(0);
        offset += bytes.length;
      }
    }
  });

  // The box waits for a whole record, and its credit is small at first.
  test.each([
    [0, 0, 4 * treeDataBytes],
    [4 * mib - 1, mib, 4 * treeDataBytes],
    [4 * mib, 512 * 1024 - 1, 4 * treeDataBytes],
    [4 * mib, 512 * 1024, treeBulkBytes],
    [400 * mib, mib, treeBulkBytes],
  ])('are large from 4 MiB of the file and 512 KiB of the stream on: at %d and %d', (offset, position, bytes) => {
    const parts = new DataRecords(500 * mib).partsFor(offset, position);
    expect(parts.reduce((sum, part) => sum + part.length, 0)).toBe(bytes);
  });

  test('of a small file take little memory', () => {
    expect(new DataRecords(5).partsFor(0, 0).map((part) => part.length)).toEqual([5]);
    expect(new DataRecords(0).partsFor(0, 0)).toEqual([]);
  });
});
