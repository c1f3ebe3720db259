import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileCall } from '../../../lib/files/call';
import { receiveTree } from '../../../lib/files/download';
import { encodeRecord, type TreeRecord } from '../../../lib/files/tree-records';

const meta = { mode: 0o755, seconds: 1n, nanoseconds: 0 };
const file = (name: string): TreeRecord[] => [
  { kind: 'F', name: Buffer.from(name), meta, size: 4n },
  { kind: 'B', offset: 0, bytes: Buffer.from('evil') },
  { kind: 'E', size: 4 },
];
const enter = (name: string): TreeRecord => ({ kind: 'D', name: Buffer.from(name), meta });
const leave: TreeRecord = { kind: 'U' };
const end: TreeRecord = { kind: 'Z' };
const link = (name: string, target: string): TreeRecord => ({
  kind: 'L',
  name: Buffer.from(name),
  meta,
  target: Buffer.from(target),
});
const hardLink = (name: string, path: string): TreeRecord => ({
  kind: 'H',
  name: Buffer.from(name),
  path: Buffer.from(path),
});

/** A guest that sends what it likes. */
function guest(records: TreeRecord[]): FileCall {
  const chunks = records.map(encodeRecord);
  return { output: { take: async () => chunks.shift() ?? null }, ended: Promise.resolve({}) } as unknown as FileCall;
}

describe('a download from a guest that lies', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'boxlite-download-'));
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside/file'), 'safe');
  });
  afterEach(() => {
    expect(readFileSync(join(root, 'outside/file'), 'utf8')).toBe('safe');
    expect(readdirSync(join(root, 'outside'))).toEqual(['file']);
    rmSync(root, { recursive: true });
  });
  const target = () => join(root, 'target');

  test.each<[string, TreeRecord[]]>([
    ['a name that climbs', [enter('x'), ...file('..'), leave, end]],
    ['a name with a slash', [enter('x'), ...file('../outside/file'), leave, end]],
    ['a directory that climbs', [enter('x'), enter('..'), enter('outside'), ...file('file'), leave, leave, leave, end]],
    ['a hard link that climbs', [enter('x'), hardLink('l', '../outside/file'), leave, end]],
    ['a hard link to an absolute path', [enter('x'), hardLink('l', '/etc/passwd'), leave, end]],
    ['a hard link by way of a link', [enter('x'), link('out', '../outside'), hardLink('l', 'out/file'), leave, end]],
    ['more ends than beginnings', [enter('x'), leave, leave, end]],
    ['something after its end', [...file('x'), ...file('y'), end]],
    ['data of no file', [enter('x'), { kind: 'B', offset: 0, bytes: Buffer.from('x') }, leave, end]],
    ['a file inside a file', [enter('x'), file('a')[0] as TreeRecord, ...file('b'), leave, end]],
    ['nothing at all', [end]],
    ['no end', [enter('x'), ...file('a')]],
  ])('with %s fails, and leaves nothing', async (_, records) => {
    await expect(receiveTree(target(), guest(records))).rejects.toMatchObject({ code: expect.any(String) });
    expect(readdirSync(root)).toEqual(['outside']);
  });

  test('writes through no link that it made itself', async () => {
    const records = [enter('x'), link('out', '../outside'), enter('out'), ...file('file'), leave, leave, end];
    await receiveTree(target(), guest(records));
    expect(readFileSync(join(root, 'target/out/file'), 'utf8')).toBe('evil');
  });

  test('writes through no link that it made itself to a file', async () => {
    await receiveTree(target(), guest([enter('x'), link('f', '../outside/file'), ...file('f'), leave, end]));
    expect(readFileSync(join(root, 'target/f'), 'utf8')).toBe('evil');
  });

  test('replaces a link in the place of its root', async () => {
    symlinkSync('outside', target());
    await receiveTree(target(), guest([enter('x'), ...file('file'), leave, end]));
    expect(readFileSync(join(root, 'target/file'), 'utf8')).toBe('evil');
  });
});
