import type { Box } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

const notAllowed = (what: string) => ({
  code: 'permission',
  message: `This restricted handle may not ${what}`,
  hint: 'Ask whoever made it with box.restricted() for more.',
});

describe(`a restricted handle on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    box = await createdBox(runtime);
    await box.exec(
      'mkdir -p /work/sub && chmod 777 /work && echo inside > /work/sub/file && ln -s /etc/passwd /work/out',
    );
    await box.exec('ln -s ../.. /work/up && ln -s /sub/file /work/in && mkdir /workshop && echo x > /workshop/file');
  });

  test('can do nothing by default', async () => {
    const handle = box.restricted({});
    expect(Object.keys(handle).sort()).toEqual(['exec', 'fs', 'id']);
    await expect(handle.exec('true')).rejects.toMatchObject(notAllowed('run commands'));
    await expect(handle.fs.readText('/etc/passwd')).rejects.toMatchObject(notAllowed('touch files'));
    await expect(handle.fs.stat('/etc/passwd')).rejects.toMatchObject({ code: 'permission' });
  });

  test('that reads does not write', async () => {
    const { fs } = box.restricted({ fs: 'read' });
    expect(await fs.readText('/work/sub/file')).toBe('inside\n');
    expect(await fs.stat('/work/sub')).toMatchObject({ type: 'dir' });
    const changes = [
      () => fs.writeFile('/work/new', 'x'),
      () => fs.writeFiles({ '/work/new': 'x' }),
      () => fs.mkdir('/work/dir'),
      () => fs.rename('/work/sub', '/work/bus'),
      () => fs.remove('/work/sub', { recursive: true }),
    ];
    for (const change of changes) await expect(change()).rejects.toMatchObject(notAllowed('change files'));
    expect((await box.exec('ls /work')).stdout).toBe('in\nout\nsub\nup\n');
  });

  test('watches below its root, with whole paths', async () => {
    const { fs } = box.restricted({ fs: 'read', root: '/work' });
    await expect(fs.watch('/etc')).rejects.toMatchObject({ code: 'permission' });
    await using watch = await fs.watch('sub');
    await box.exec('touch /work/sub/seen && rm /work/sub/seen');
    for await (const event of watch) {
      expect(event).toMatchObject({ type: 'create', path: '/work/sub/seen' });
      break;
    }
  });

  test('has a root of any name', async () => {
    await box.exec(['mkdir', '/wörk']);
    const { fs } = box.restricted({ fs: 'write', root: '/wörk' });
    await fs.writeFile('ü', 'x');
    expect(await box.fs.readText('/wörk/ü')).toBe('x');
  });

  test('stays below its root, whatever paths and links say', async () => {
    const { fs } = box.restricted({ fs: 'write', root: '/work' });
    expect(await fs.readText('sub/file')).toBe('inside\n');
    expect(await fs.readText('/work/sub/file')).toBe('inside\n');
    expect(await fs.readText('/work/in')).toBe('inside\n');
    const entries = [];
    for await (const entry of fs.list('/work')) entries.push(entry.path);
    expect(entries.sort()).toEqual(['/work/in', '/work/out', '/work/sub', '/work/up']);
    for (const path of ['/etc/passwd', '../etc/passwd', '/work/../etc/passwd', '/workshop/file', '/']) {
      await expect(fs.readText(path)).rejects.toMatchObject({
        code: 'permission',
        message: expect.stringContaining('which is not below /work'),
      });
    }
    await expect(fs.readText('out')).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(fs.readText('up/etc/passwd')).rejects.toMatchObject({ code: 'file-not-found' });
    await fs.writeFile('up/made', 'here');
    expect(await box.fs.readText('/work/made')).toBe('here');
    await expect(fs.rename('made', '/made')).rejects.toMatchObject({ code: 'permission' });
    await fs.rename('made', 'sub/made');
    expect(await fs.remove('sub/made')).toBe(true);
    await expect(box.restricted({ fs: 'read', root: '/missing' }).fs.readText('a')).rejects.toMatchObject({
      code: 'file-not-found',
      message: expect.stringContaining('/missing'),
    });
  });

  test('works as its user, and names no other', async () => {
    const handle = box.restricted({ exec: true, fs: 'write', user: 'nobody', root: '/work' });
    expect((await handle.exec('id -un; pwd')).stdout).toBe('nobody\n/work\n');
    await expect(handle.exec('id', { user: 'root' })).rejects.toMatchObject(notAllowed('name another user'));
    await handle.fs.writeFile('mine', 'x');
    expect((await box.exec('stat -c %U /work/mine')).stdout).toBe('nobody\n');
    await expect(handle.fs.writeFile('other', 'x', { user: 'root' })).rejects.toMatchObject(
      notAllowed('name another user'),
    );
    await expect(handle.fs.writeFile('sub/file', 'x')).rejects.toMatchObject({ code: 'permission' });
  });

  test('refuses a wrong option before anything is done', () => {
    expect(() => box.restricted({ root: 'work' })).toThrow(/absolute path for root/);
    expect(() => box.restricted({ files: 'read' } as object)).toThrow(/Unknown option 'files' for restricted/);
  });
});
