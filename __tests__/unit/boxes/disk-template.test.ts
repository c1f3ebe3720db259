import { access, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeDiskFromTemplate } from '../../../lib/boxes/disk-template';

const MIB = 1024 * 1024;

function packed(diskBytes: number, extents: { offset: number; data: Buffer }[]): Buffer {
  const header = Buffer.alloc(20);
  header.write('BLTPL\x01\0\0', 'latin1');
  header.writeBigUInt64LE(BigInt(diskBytes), 8);
  header.writeUInt32LE(extents.length, 16);
  const table = extents.map(({ offset, data }) => {
    const row = Buffer.alloc(12);
    row.writeBigUInt64LE(BigInt(offset));
    row.writeUInt32LE(data.length, 8);
    return row;
  });
  return gzipSync(Buffer.concat([header, ...table, ...extents.map(({ data }) => data)]));
}

describe('a disk made from a template', () => {
  const extents = [
    { offset: 1024, data: Buffer.alloc(3000, 'a') },
    { offset: 3 * MIB, data: Buffer.alloc(4096, 'b') },
  ];
  let directory: string;
  let template: string;
  let target: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'disk-template-'));
    template = join(directory, 'template.tpl');
    target = join(directory, 'disk.ext4');
    await writeFile(template, packed(4 * MIB, extents));
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('holds every extent at its place and zeros elsewhere', async () => {
    await writeDiskFromTemplate(template, target, 4 * MIB);
    const expected = Buffer.alloc(4 * MIB);
    for (const { offset, data } of extents) data.copy(expected, offset);
    expect((await readFile(target)).equals(expected)).toBe(true);
  });

  it('has the size asked for, is sparse and private to its owner', async () => {
    await writeDiskFromTemplate(template, target, 64 * MIB);
    const { size, blocks, mode } = await stat(target);
    expect(size).toBe(64 * MIB);
    expect(blocks * 512).toBeLessThan(MIB);
    expect(mode & 0o777).toBe(0o600);
  });

  it('never replaces a file that is there', async () => {
    await writeFile(target, 'mine');
    await expect(writeDiskFromTemplate(template, target, 4 * MIB)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(target, 'utf8')).toBe('mine');
  });

  it('refuses to be smaller than its template', async () => {
    await expect(writeDiskFromTemplate(template, target, MIB)).rejects.toThrow(RangeError);
    await expect(access(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves nothing when it is aborted between extents', async () => {
    const abort = new AbortController();
    const reasons = jest.spyOn(abort.signal, 'throwIfAborted');
    reasons
      .mockImplementationOnce(() => undefined)
      .mockImplementationOnce(() => {
        throw new Error('enough');
      });
    await expect(writeDiskFromTemplate(template, target, 4 * MIB, abort.signal)).rejects.toThrow('enough');
    await expect(access(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('starts nothing for a signal that is aborted already', async () => {
    const signal = AbortSignal.abort();
    await expect(writeDiskFromTemplate(template, target, 4 * MIB, signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
    await expect(access(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves nothing when its size cannot be had', async () => {
    await expect(writeDiskFromTemplate(template, target, 2 ** 53 - 1)).rejects.toMatchObject({ code: 'EFBIG' });
    await expect(access(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['is no template', gzipSync('something else that is long enough')],
    ['is cut short', gzipSync(Buffer.from('BLTPL\x01\0\0', 'latin1'))],
    ['lacks its data', gzipSync(Buffer.concat([Buffer.from('BLTPL\x01\0\0', 'latin1'), Buffer.alloc(12, 1)]))],
  ])('is refused when its template %s', async (_, bytes) => {
    await writeFile(template, bytes);
    await expect(writeDiskFromTemplate(template, target, 4 * MIB)).rejects.toThrow(/template/);
    await expect(access(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
