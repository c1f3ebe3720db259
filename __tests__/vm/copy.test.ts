import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Box } from '../../lib/index';
import { tempHome } from '../helpers/homes';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { sha256 } from '../helpers/sha256';
import { scaled } from '../helpers/speed';

describe(`upload and download on ${engine}`, () => {
  const runtime = tempRuntime();
  const host = tempHome();
  const at = (...names: string[]) => join(host, ...names);
  let box: Box;
  const sh = async (command: string) => (await box.exec(command, { check: true, user: 'root' })).stdout.trimEnd();
  beforeAll(async () => {
    box = await createdBox(runtime, { user: '500:500' });
    await sh('mkdir /w; chown 500:500 /w');
    fs.mkdirSync(at('tree/sub/empty'), { recursive: true });
    fs.writeFileSync(at('tree/sub/file'), 'text', { mode: 0o640 });
    fs.writeFileSync(at('tree/run'), randomBytes(500_000), { mode: 0o755 });
    fs.symlinkSync('../outside', at('tree/sub/link'));
    fs.linkSync(at('tree/run'), at('tree/sub/same'));
    fs.writeFileSync(Buffer.concat([Buffer.from(`${at('tree')}/`), Buffer.from([0xff])]), 'odd name');
    execFileSync('touch', ['-h', '-d', '@1234567890.123', at('tree/sub/file'), at('tree/sub/link')]);
    execFileSync('touch', ['-d', '@1234567890', at('tree/sub'), at('tree')]);
    fs.chmodSync(at('tree/sub'), 0o750);
  });

  test('a tree goes into the box and comes back with modes, times and links, and belongs to the user and the caller', async () => {
    await box.upload(at('tree'), '/w/tree');
    expect(
      await sh('cd /w/tree; stat -c "%a %u %g %Y" . sub sub/file sub/link; stat -c %h run; readlink sub/link'),
    ).toBe(
      `${'755 500 500 1234567890\n750 500 500 1234567890\n640 500 500 1234567890\n777 500 500 1234567890'}\n2\n../outside`,
    );
    await box.download('/w/tree', at('back'));
    expect(listing(at('back'))).toEqual(listing(at('tree')));
    expect(fs.statSync(at('back/sub/same')).ino).toBe(fs.statSync(at('back/run')).ino);
    expect(fs.statSync(at('back')).uid).toBe(process.getuid?.());
    expect(fs.readdirSync(at('back'), { encoding: 'buffer' }).some((name) => name[0] === 0xff)).toBe(true);
  });

  test('so it does in a tmpfs and in a mount', async () => {
    await sh(
      'mkdir /w/tmpfs /w/bound; mount -t tmpfs none /w/tmpfs; mkdir -m 777 /w/tmpfs/in; mount --bind /w/tmpfs/in /w/bound',
    );
    await box.upload(at('tree'), '/w/bound/tree');
    await box.download('/w/tmpfs/in/tree', at('mounted'));
    expect(listing(at('mounted'))).toEqual(listing(at('tree')));
    await sh('umount /w/bound /w/tmpfs; rmdir /w/bound /w/tmpfs');
  });

  test("whatever is done to files is done as the box's user", async () => {
    await sh(
      'mkdir -m 700 /root/closed; echo x > /root/closed/file; mkdir -m 755 /root/open; chmod 755 /root; echo x > /root/open/file; chmod 600 /root/open/file',
    );
    const { fs: files } = box;
    const refused = [
      () => files.readFile('/root/open/file'),
      () => files.open('/root/open/file'),
      () => files.writeFile('/root/open/file', 'y'),
      () => files.writeFile('/root/open/new', 'y'),
      () => files.mkdir('/root/open/new'),
      () => files.rename('/root/open/file', '/root/open/other'),
      () => files.remove('/root/open/file'),
      () => files.stat('/root/closed/file'),
      () => files.list('/root/closed')[Symbol.asyncIterator]().next(),
      () => files.watch('/root/closed'),
      () => box.download('/root/open/file', at('never')),
      () => box.upload(at('tree/run'), '/root/open/'),
    ];
    for (const call of refused) await expect(call()).rejects.toMatchObject({ code: 'permission', box: box.id });
    await files.mkdir('/w/own/dir');
    await files.writeFile('/w/own/file', 'x');
    expect(await sh('stat -c "%u %g" /w/own /w/own/dir /w/own/file; ls -A /root/open /root/closed')).toBe(
      '500 500\n500 500\n500 500\n/root/closed:\nfile\n\n/root/open:\nfile',
    );
  });

  test('a file goes as the path given, or into it where that ends with a slash', async () => {
    await box.upload(at('tree/sub/file'), '/w/made/as');
    await box.upload(at('tree/sub/file'), '/w/made/');
    await box.upload(at('tree/sub/'), '/w/made/');
    expect(await sh('cd /w/made; cat as file sub/file')).toBe('texttexttext');
    await box.upload(at('tree/sub/link'), '/w/made/link');
    await box.download('/w/made/link', at('a/link'));
    expect([await sh('readlink /w/made/link'), fs.readlinkSync(at('a/link'))]).toEqual(['../outside', '../outside']);
    await box.download('/w/made/as', at('one/two'));
    await box.download('/w/made/as', `${at('one')}/`);
    await box.download('/w/made/sub', `${at('one')}/`);
    expect([at('one/two'), at('one/as'), at('one/sub/file')].map((path) => fs.readFileSync(path, 'utf8'))).toEqual([
      'text',
      'text',
      'text',
    ]);
  });

  test('directories merge and keep their mode, files are replaced', async () => {
    await sh(
      'mkdir -p /w/merge/sub; chmod 711 /w/merge/sub; echo old > /w/merge/sub/old; echo old > /w/merge/sub/file; chown -R 500 /w/merge',
    );
    await box.upload(at('tree'), '/w/merge');
    expect(await sh('cd /w/merge/sub; stat -c %a .; cat old file')).toBe('711\nold\ntext');
    fs.mkdirSync(at('merge/sub'), { recursive: true });
    fs.chmodSync(at('merge/sub'), 0o711);
    fs.writeFileSync(at('merge/sub/old'), 'old');
    fs.writeFileSync(at('merge/sub/file'), 'old');
    await box.download('/w/tree', at('merge'));
    expect(fs.statSync(at('merge/sub')).mode & 0o777).toBe(0o711);
    expect(['old', 'file'].map((name) => fs.readFileSync(at('merge/sub', name), 'utf8'))).toEqual(['old', 'text']);
  });

  test('a link that is in the target is replaced and never written through', async () => {
    await sh(
      'mkdir -p /w/links /w/outside; ln -s /w/outside /w/links/sub; ln -s /w/outside/run /w/links/run; chown -R 500 /w/links /w/outside',
    );
    await box.upload(at('tree'), '/w/links');
    expect(await sh('ls /w/outside; stat -c %F /w/links/sub /w/links/run')).toBe('directory\nregular file');
    fs.mkdirSync(at('links'));
    fs.mkdirSync(at('outside'));
    fs.symlinkSync(at('outside'), at('links/sub'));
    fs.symlinkSync(at('outside/run'), at('links/run'));
    await box.download('/w/tree', at('links'));
    expect(fs.readdirSync(at('outside'))).toEqual([]);
    expect(fs.lstatSync(at('links/sub')).isDirectory() && fs.lstatSync(at('links/run')).isFile()).toBe(true);
  });

  test('a large file is exact wherever it goes, and what lies beyond its first 4 MiB does not fill the page cache', async () => {
    const data = randomBytes((24 << 20) + 5);
    const sum = sha256(data);
    fs.writeFileSync(at('large'), data);
    const cachedMiB = async () => Number(await sh(`awk '$1 == "Cached:" { print int($2 / 1024) }' /proc/meminfo`));
    await sh('mkdir /w/tmpfs; mount -t tmpfs -o mode=777 none /w/tmpfs');
    const before = await cachedMiB();
    await box.upload(at('large'), '/w/large');
    await box.fs.writeFile('/w/written', data);
    expect((await cachedMiB()) - before).toBeLessThan(2 * 4 + 4);
    await box.upload(at('large'), '/w/tmpfs/large');
    const sums = await sh('sha256sum /w/large /w/written /w/tmpfs/large | cut -d " " -f 1');
    expect(sums).toBe(`${sum}\n${sum}\n${sum}`);
    await sh('umount /w/tmpfs; rm -r /w/tmpfs /w/large /w/written');
  });

  test('none of many large uploads in a row stands still', async () => {
    fs.writeFileSync(at('again'), Buffer.alloc(24 << 20, 'x'));
    for (let n = 0; n < 12; n++) await box.upload(at('again'), '/w/again', { timeoutMs: scaled(20_000) });
    expect(await sh('stat -c %s /w/again; rm /w/again')).toBe(`${24 << 20}`);
  });

  test('holes stay holes in both directions', async () => {
    fs.writeFileSync(at('sparse'), '');
    fs.truncateSync(at('sparse'), 32 << 20);
    const file = fs.openSync(at('sparse'), 'r+');
    fs.writeSync(file, 'x', 16 << 20);
    fs.closeSync(file);
    await box.upload(at('sparse'), '/w/sparse');
    const [size, blocks] = (await sh('stat -c "%s %b" /w/sparse')).split(' ').map(Number);
    expect(size).toBe(32 << 20);
    expect(blocks).toBeLessThan(100);
    await box.download('/w/sparse', at('sparse-back'));
    expect(fs.statSync(at('sparse-back')).blocks).toBeLessThan(100);
    expect(fs.readFileSync(at('sparse-back')).equals(fs.readFileSync(at('sparse')))).toBe(true);
  });

  test('data that begins behind a large hole is exact', async () => {
    // Nothing of the stream has gone yet when the file is far enough for large records.
    const data = randomBytes(3 << 20);
    fs.writeFileSync(at('late'), '');
    fs.truncateSync(at('late'), 12 << 20);
    const file = fs.openSync(at('late'), 'r+');
    for (const offset of [6 << 20, (9 << 20) + 1]) fs.writeSync(file, data, 0, (3 << 20) - 1, offset);
    fs.closeSync(file);
    await box.upload(at('late'), '/w/late');
    expect(await sh('sha256sum /w/late | cut -d " " -f 1')).toBe(sha256(fs.readFileSync(at('late'))));
  });

  test('setuid stays in the box and does not come to the host', async () => {
    await sh('cp /bin/busybox /w/setuid; chmod 6755 /w/setuid');
    await box.download('/w/setuid', at('setuid'));
    expect(fs.statSync(at('setuid')).mode & 0o7777).toBe(0o755);
  });

  test('what is in the way or missing has its code, and nothing new is left', async () => {
    await sh('mkdir -p /w/odd/sub; mkfifo /w/odd/sub/fifo; echo x > /w/odd/a');
    await expect(box.download('/w/none', at('none'))).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(box.upload(at('none'), '/w/none')).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(box.download('/w/odd', at('none'))).rejects.toMatchObject({ code: 'unsupported' });
    await expect(box.download('/w/tree', at('tree/sub/file'))).rejects.toMatchObject({ code: 'not-a-directory' });
    await expect(box.download('/w/tree/run', at('tree'))).rejects.toMatchObject({ code: 'is-a-directory' });
    await expect(box.upload(at('tree'), '/w/setuid')).rejects.toMatchObject({ code: 'not-a-directory' });
    await expect(box.upload(at('sparse'), '/w/tree')).rejects.toMatchObject({ code: 'is-a-directory' });
    await expect(box.upload(at('sparse'), '/etc/sparse')).rejects.toMatchObject({ code: 'permission' });
    await expect(box.upload(at('sparse'), '')).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(fs.existsSync(at('none'))).toBe(false);
    expect(await sh('ls -A /w | grep -c boxlite || true; ls /w | grep -c none || true')).toBe('0\n0');
    expect(fs.readdirSync(host).filter((name) => name.startsWith('.boxlite'))).toEqual([]);
  });

  test('an abort takes back a tree that was not there before', async () => {
    fs.writeFileSync(at('tree/zz-large'), Buffer.alloc(24 << 20, 1));
    const controller = new AbortController();
    const uploading = box.upload(at('tree'), '/w/cut', { signal: controller.signal });
    uploading.catch(() => {});
    while ((await box.fs.stat('/w/cut')) === null) {}
    controller.abort();
    await expect(uploading).rejects.toMatchObject({ code: 'aborted' });
    expect(await box.fs.stat('/w/cut')).toBeNull();
    fs.rmSync(at('tree/zz-large'));
    await sh('head -c 25165824 /dev/zero > /w/tree/zz-large');
    const again = new AbortController();
    const downloading = box.download('/w/tree', at('cut'), { signal: again.signal });
    downloading.catch(() => {});
    const isThere = () => fs.existsSync(at('cut'));
    while (!isThere()) await new Promise(setImmediate);
    again.abort();
    await expect(downloading).rejects.toMatchObject({ code: 'aborted' });
    expect(isThere()).toBe(false);
  });
});

/** Each path below, with mode, time and content. */
function listing(root: string): string[] {
  return execFileSync(
    'sh',
    ['-c', 'find . -printf "%P %y %m %T@ %l %s\\n" | sort; find . -type f | sort | xargs -d "\\n" cat | sha256sum'],
    {
      cwd: root,
      encoding: 'latin1',
    },
  )
    .replace(/(\.\d{3})\d*/g, '$1')
    .split('\n');
}
