import { checkName, encodeRecord, readRecords, type TreeRecord } from '../../../lib/files/tree-records';
import { dataRuns } from '../../../lib/files/upload';

const meta = { mode: 0o640, seconds: -5n, nanoseconds: 999_999_999 };
const name = Buffer.from([0xff, 0x61]);
const records: TreeRecord[] = [
  { kind: 'D', name, meta },
  { kind: 'F', name, meta, size: 2n ** 40n },
  { kind: 'B', offset: 2 ** 40, bytes: Buffer.from('data') },
  { kind: 'E', size: 2 ** 40 + 4 },
  { kind: 'L', name, meta, target: Buffer.from('../x') },
  { kind: 'H', name, path: Buffer.from('a/b') },
  { kind: 'U' },
  { kind: 'Z' },
];

async function read(bytes: Buffer, size: number): Promise<TreeRecord[]> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const found: TreeRecord[] = [];
  for await (const record of readRecords(pieces())) found.push(record);
  return found;
}

describe('a tree as a stream', () => {
  test.each([1, 7, 4096])('comes back as it was, however it was cut: pieces of %d', async (size) => {
    expect(await read(Buffer.concat(records.map(encodeRecord)), size)).toEqual(records);
  });

  test('that stops before its end is refused', async () => {
    const whole = Buffer.concat(records.map(encodeRecord));
    for (const length of [0, 3, 20, whole.length - 5, whole.length - 1])
      await expect(read(whole.subarray(0, length), 100)).rejects.toMatchObject({ code: 'protocol' });
  });

  test.each([
    ['an unknown kind', Buffer.from([0x58, 0, 0, 0, 0])],
    ['a record that is too long', Buffer.from([0x42, 0, 0, 0, 1])],
    ['a record that is one byte too long', encodeRecord({ kind: 'B', offset: 0, bytes: Buffer.alloc(144 * 1024 - 7) })],
    ['a directory without its meta', Buffer.from([0x44, 1, 0, 0, 0, 0x61])],
    ['a size that no number holds', Buffer.concat([Buffer.from([0x45, 8, 0, 0, 0]), Buffer.alloc(8, 0xff)])],
    ['a mode with a type in it', encodeRecord({ kind: 'D', name, meta: { ...meta, mode: 0o40755 } })],
    ['a link to nothing', encodeRecord({ kind: 'L', name, meta, target: Buffer.alloc(0) })],
  ])('with %s is refused', async (_, bytes) => {
    await expect(read(bytes, 100)).rejects.toMatchObject({ code: 'protocol' });
  });

  test.each([['..'], ['.'], [''], ['a/b'], ['/'], ['a\0'], ['x'.repeat(256)]])('never has the name %j', (bad) => {
    expect(() => checkName(Buffer.from(bad))).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  test.each([['...'], ['..a'], ['x'.repeat(255)], ['\\']])('may have the name %j', (good) => {
    expect(checkName(Buffer.from(good)).toString()).toBe(good);
  });
});

test('the data of a sparse file is what is not zero, by blocks', () => {
  const bytes = Buffer.alloc(5 * 4096 + 10);
  bytes[4096] = 1;
  bytes[3 * 4096 - 1] = 1;
  bytes[5 * 4096 + 9] = 1;
  expect(dataRuns(bytes)).toEqual([
    [4096, 3 * 4096],
    [5 * 4096, 5 * 4096 + 10],
  ]);
  expect(dataRuns(Buffer.alloc(9000))).toEqual([]);
});
