import { DataRecords } from '../../../lib/files/data-records';
import { encodeRecord, treeDataBytes } from '../../../lib/files/tree-records';

test.each([1, 5000, treeDataBytes, treeDataBytes + 1, 9 * treeDataBytes])('the records of %d bytes', (size) => {
  const records = new DataRecords(size);
  const expected = Math.min(size, 4 * treeDataBytes);
  expect(records.parts.reduce((sum, part) => sum + part.length, 0)).toBeGreaterThanOrEqual(expected);
  let offset = 7 * 2 ** 33;
  for (const [n, part] of records.parts.entries()) {
    part.fill(n + 1);
    const bytes = part.subarray(0, part.length - n);
    expect(records.record(part, offset, bytes.length).equals(encodeRecord({ kind: 'B', offset, bytes }))).toBe(true);
    offset += bytes.length;
  }
});

test('an empty file has no part', () => {
  expect(new DataRecords(0).parts).toEqual([]);
});
