import { tmpdir } from 'node:os';
import type { Box, Call, DirEntry } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

/** Every call about one path of the guest. */
const calls: Record<string, (box: Box, path: string, call?: Call) => Promise<unknown>> = {
  readFile: ({ fs }, path, call) => fs.readFile(path, call),
  readText: ({ fs }, path, call) => fs.readText(path, call),
  open: ({ fs }, path, call) => fs.open(path, call),
  writeFile: ({ fs }, path, call) => fs.writeFile(path, 'x', call),
  append: ({ fs }, path, call) => fs.writeFile(path, 'x', { ...call, append: true }),
  writeFiles: ({ fs }, path, call) => fs.writeFiles({ [path]: 'x' }, call),
  list: ({ fs }, path, call) => entriesOf(fs.list(path, call)),
  stat: ({ fs }, path, call) => fs.stat(path, call),
  mkdir: ({ fs }, path, call) => fs.mkdir(path, call),
  'rename from': ({ fs }, path, call) => fs.rename(path, '/w/renamed', call),
  'rename to': ({ fs }, path, call) => fs.rename('/w/empty', path, call),
  remove: ({ fs }, path, call) => fs.remove(path, call),
  watch: ({ fs }, path, call) => fs.watch(path, call),
  upload: (box, path, call) => box.upload('/etc/hosts', path, call),
  download: (box, path, call) => box.download(path, `${tmpdir()}/boxlite-never`, call),
};
const changing = ['writeFile', 'append', 'writeFiles', 'mkdir', 'rename to', 'upload'];

describe(`names and trees on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  const sh = async (command: string) => (await box.exec(command, { check: true })).stdout.trimEnd();
  beforeAll(async () => {
    box = await createdBox(runtime, { cwd: '/root' });
    await sh('mkdir /w; echo abc > /w/data; ln -s nowhere /w/dangling; ln -s loop /w/loop; mkdir /w/ro /w/empty');
    await sh('mount -t tmpfs none /w/ro; touch /w/ro/file; mount -o remount,ro /w/ro');
  });

  test.each(Object.entries(calls))(
    '%s says what is wrong with a path, and begins nothing once aborted',
    async (name, call) => {
      await expect(call(box, '')).rejects.toMatchObject({ code: 'invalid-argument' });
      await expect(call(box, '/w/data/below')).rejects.toMatchObject({ code: 'not-a-directory', box: box.id });
      await expect(call(box, '/w/loop/x')).rejects.toMatchObject({ code: 'invalid-argument' });
      const gone = call(box, '/w/none');
      if (name === 'stat') expect(await gone).toBeNull();
      else if (name === 'remove') expect(await gone).toBe(false);
      else if (!changing.includes(name)) await expect(gone).rejects.toMatchObject({ code: 'file-not-found' });
      await gone.catch(() => {});
      if (changing.includes(name)) await box.fs.remove('/w/none', { recursive: true });
      await box.fs.mkdir('/w/empty');
      if (changing.includes(name) && name !== 'rename to')
        await expect(call(box, '/w/ro/new')).rejects.toMatchObject({ code: 'permission' });
      if (name === 'remove') await expect(call(box, '/w/ro/file')).rejects.toMatchObject({ code: 'permission' });
      const aborted = call(box, '/w/data', { signal: AbortSignal.abort() });
      await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
      expect(await box.fs.readText('/w/data')).toBe('abc\n');
    },
  );

  test('stat follows links unless told not to, and says null where nothing is', async () => {
    await sh('ln -s data /w/link; touch -d @1000000000 /w/data; chmod 2750 /w/data');
    expect(await box.fs.stat('/w/link')).toEqual({
      type: 'file',
      size: 4,
      mode: 0o2750,
      mtime: new Date(1_000_000_000_000),
      uid: 0,
      gid: 0,
    });
    expect((await box.fs.stat('/w/link', { follow: false }))?.type).toBe('symlink');
    expect((await box.fs.stat('/w/dangling', { follow: false }))?.type).toBe('symlink');
    expect(await box.fs.stat('/w/dangling')).toBeNull();
    expect(await box.fs.stat('/w/none')).toBeNull();
    expect((await box.fs.stat('/w'))?.type).toBe('dir');
    expect((await box.fs.stat('/dev/null'))?.type).toBe('other');
    await expect(box.fs.stat('/w/data/below')).rejects.toMatchObject({ code: 'not-a-directory' });
  });

  test('list says absolute paths and types without following links, one level unless more is asked for', async () => {
    await sh('mkdir -p /w/tree/a/b; cd /w/tree; touch a/f a/b/g; ln -s a link; mkfifo pipe');
    expect(await entriesOf(box.fs.list('/w/tree/'))).toEqual([
      { name: 'a', path: '/w/tree/a', type: 'dir' },
      { name: 'link', path: '/w/tree/link', type: 'symlink' },
      { name: 'pipe', path: '/w/tree/pipe', type: 'other' },
    ]);
    expect((await entriesOf(box.fs.list('../w/tree')))[0]?.path).toBe('/root/../w/tree/a');
    const paths = async (depth: number) => (await entriesOf(box.fs.list('/w/tree', { depth }))).map(({ path }) => path);
    expect(await paths(2)).toEqual(['/w/tree/a', '/w/tree/a/b', '/w/tree/a/f', '/w/tree/link', '/w/tree/pipe']);
    expect(await paths(Number.POSITIVE_INFINITY)).toContain('/w/tree/a/b/g');
    expect((await entriesOf(box.fs.list('/'))).map(({ path }) => path)).toContain('/w');
    await expect(entriesOf(box.fs.list('/w/none'))).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(entriesOf(box.fs.list('/w/data'))).rejects.toMatchObject({ code: 'not-a-directory' });
  });

  test('list streams: a caller that leaves early ends it', async () => {
    await sh('mkdir /w/wide; cd /w/wide; for i in $(seq 1 3000); do : > a-file-with-a-long-name-$i; done');
    const seen: DirEntry[] = [];
    for await (const entry of box.fs.list('/w/wide')) {
      seen.push(entry);
      if (seen.length === 3) break;
    }
    expect(seen).toHaveLength(3);
    expect(await entriesOf(box.fs.list('/w/wide'))).toHaveLength(3000);
  });

  test('paths take every byte but NUL, and come back as they were', async () => {
    const name = '/w/bytes/\uDCFF\uDC80 ü\n"';
    await box.fs.writeFile(name, 'odd');
    expect(await sh('cd /w/bytes; printf %s * | head -c 2 | od -An -tx1')).toBe(' ff 80');
    const [entry] = await entriesOf(box.fs.list('/w/bytes'));
    expect(entry).toEqual({ name: name.slice('/w/bytes/'.length), path: name, type: 'file' });
    expect(await box.fs.readText(name)).toBe('odd');
    expect(await box.fs.remove(name)).toBe(true);
  });

  test('mkdir makes parents, takes a directory that is there, and refuses a file', async () => {
    await box.fs.mkdir('/w/new/deep/er', { mode: 0o1777 });
    expect(await sh('stat -c %a /w/new/deep /w/new/deep/er')).toBe('755\n1777');
    await box.fs.mkdir('/w/new/deep/er/', { mode: 0o700 });
    expect((await box.fs.stat('/w/new/deep/er'))?.mode).toBe(0o1777);
    await expect(box.fs.mkdir('/w/data')).rejects.toMatchObject({ code: 'file-exists' });
    await expect(box.fs.mkdir('/w/data/x')).rejects.toMatchObject({ code: 'not-a-directory' });
  });

  test('rename moves over what is there, and says what is in the way', async () => {
    await sh('mkdir -p /w/r/full/x /w/r/dir /w/tmp; echo a > /w/r/a; echo b > /w/r/b; mount -t tmpfs none /w/tmp');
    await box.fs.rename('/w/r/a', '/w/r/b');
    expect(await sh('ls /w/r; cat /w/r/b')).toBe('b\ndir\nfull\na');
    const codes = [
      ['/w/r/none', '/w/r/x', 'file-not-found'],
      ['/w/r/dir', '/w/r/full', 'not-empty'],
      ['/w/r/b', '/w/r/dir', 'is-a-directory'],
      ['/w/r/dir', '/w/r/b', 'not-a-directory'],
      ['/w/r/b', '/w/tmp/b', 'cross-device'],
      ['/w/r/full', '/w/r/full/x/y', 'invalid-argument'],
      ['/w/ro/file', '/w/ro/other', 'permission'],
    ] as const;
    for (const [from, to, code] of codes) await expect(box.fs.rename(from, to)).rejects.toMatchObject({ code });
  });

  test('remove says whether there was something, and takes a full directory only when told to', async () => {
    await sh('mkdir -p /w/gone/a/b /w/kept /w/empty; touch /w/gone/a/b/f /w/kept/f; ln -s /w/kept /w/gone/a/link');
    await expect(box.fs.remove('/w/gone')).rejects.toMatchObject({ code: 'not-empty' });
    expect(await box.fs.remove('/w/gone', { recursive: true })).toBe(true);
    expect(await box.fs.remove('/w/gone', { recursive: true })).toBe(false);
    expect(await box.fs.remove('/w/empty')).toBe(true);
    expect(await box.fs.remove('/w/dangling')).toBe(true);
    expect(await sh('ls /w/kept')).toBe('f');
    await expect(box.fs.remove('/', { recursive: true })).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(box.fs.remove('/w/data/x')).rejects.toMatchObject({ code: 'not-a-directory' });
  });

  test('remove goes down a tree that is deeper than any path may be long', async () => {
    const half = (name: string) =>
      `mkdir /w/${name}; cd /w/${name}; for i in $(seq 1 250); do mkdir directory-$i; cd directory-$i; done`;
    await sh(`${half('deeper')}; ${half('deep')}; mv /w/deeper .`);
    expect(await box.fs.remove('/w/deep', { recursive: true })).toBe(true);
    expect(await box.fs.stat('/w/deep')).toBeNull();
  });

  test('all of it works in a tmpfs as anywhere', async () => {
    await box.fs.writeFile('/w/tmp/dir/file', 'x');
    await using watch = await box.fs.watch('/w/tmp', { recursive: true });
    await box.fs.writeFile('/w/tmp/dir/file', 'y');
    for await (const { path } of watch) {
      expect(path).toMatch(/^\/w\/tmp\/dir\//);
      break;
    }
    await box.fs.rename('/w/tmp/dir/file', '/w/tmp/dir/other');
    expect(await entriesOf(box.fs.list('/w/tmp', { depth: 9 }))).toHaveLength(2);
    expect(await box.fs.readText('/w/tmp/dir/other')).toBe('y');
    expect(await box.fs.remove('/w/tmp/dir', { recursive: true })).toBe(true);
  });
});

async function entriesOf(listing: AsyncIterable<DirEntry>): Promise<DirEntry[]> {
  const entries: DirEntry[] = [];
  for await (const entry of listing) entries.push(entry);
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}
