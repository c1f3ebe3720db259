import { readEntry, readStat, splitRecords } from '../../../lib/files/entries';

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function recordsOf(bytes: Buffer, size: number): Promise<string[]> {
  const records: string[] = [];
  for await (const record of splitRecords(chunked(bytes, size))) records.push(record.toString());
  return records;
}

describe('what the agent says of files', () => {
  test.each([1, 2, 3, 100])('records are found however they were cut: pieces of %d', async (size) => {
    expect(await recordsOf(Buffer.from('fa\0db/c\0\0'), size)).toEqual(['fa', 'db/c', '']);
  });

  test('half a record is a broken stream', async () => {
    await expect(recordsOf(Buffer.from('fa\0d'), 2)).rejects.toMatchObject({ code: 'protocol' });
  });

  test('an entry has its name, its absolute path and its type', () => {
    expect(readEntry(Buffer.from('dx/y'), '/base')).toEqual({ name: 'y', path: '/base/x/y', type: 'dir' });
    expect(readEntry(Buffer.from('lx'), '/')).toEqual({ name: 'x', path: '/x', type: 'symlink' });
    expect(() => readEntry(Buffer.from('?x'), '/')).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  test('a stat that misses something is a broken stream, an empty one is nothing', () => {
    expect(readStat({})).toBeNull();
    expect(() => readStat({ type: 'f', size: 1 })).toThrow(expect.objectContaining({ code: 'protocol' }));
  });
});
