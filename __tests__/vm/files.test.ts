import { randomBytes } from 'node:crypto';
import type { Box } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { sha256 } from '../helpers/sha256';
import { scaled } from '../helpers/speed';

describe(`files on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  const sh = async (command: string) => (await box.exec(command, { check: true })).stdout.trimEnd();
  const text = (path: string) => box.fs.readText(path);
  beforeAll(async () => {
    box = await createdBox(runtime, { cwd: '/root' });
    await sh(
      'mkdir -p /w; echo app:x:500:500::/home/app:/bin/sh >> /etc/passwd; mkdir /home/app; chown 500:500 /home/app',
    );
  });

  test('readFile returns exact bytes, whole and by range with an exclusive end', async () => {
    const data = randomBytes(1_000_003);
    await box.fs.writeFile('/w/data', data);
    expect(sha256(await box.fs.readFile('/w/data'))).toBe(sha256(data));
    const ranges = [
      { start: 5, end: 9 },
      { start: 1_000_000 },
      { end: 4 },
      { start: 7, end: 7 },
      { start: 2_000_000 },
      { start: 999_999, end: 5_000_000 },
    ];
    for (const range of ranges) {
      expect(Buffer.from(await box.fs.readFile('/w/data', range))).toEqual(data.subarray(range.start, range.end));
    }
    await expect(box.fs.readFile('/w/data', { start: 3, end: 2 })).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('readFile reads what has no size and what cannot seek', async () => {
    expect(Buffer.from(await box.fs.readFile('/proc/version')).toString()).toMatch(/^Linux version/);
    await sh('mkfifo /w/fifo');
    const [read] = await Promise.all([box.fs.readFile('/w/fifo', { start: 2 }), sh('echo 0123 > /w/fifo')]);
    expect(Buffer.from(read).toString()).toBe('23\n');
  });

  test('readText decodes once over the whole file, and keeps a byte order mark', async () => {
    await box.fs.writeFile('/w/text', '\uFEFFgrüße \u{1F600}');
    expect(await text('/w/text')).toBe('\uFEFFgrüße \u{1F600}');
  });

  test('open streams a file that is larger than every buffer, and ends the reading when it is cancelled', async () => {
    await sh('head -c 8388608 /dev/zero > /w/large');
    let bytes = 0;
    for await (const chunk of await box.fs.open('/w/large')) bytes += chunk.length;
    expect(bytes).toBe(8_388_608);
    const endless = await box.fs.open('/dev/zero');
    await endless.cancel();
    const controller = new AbortController();
    const aborted = await box.fs.open('/dev/zero', { signal: controller.signal });
    controller.abort();
    await expect(aborted.pipeTo(new WritableStream())).rejects.toMatchObject({ code: 'aborted' });
    await expect(box.fs.open('/w/none')).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(box.fs.open('/w')).rejects.toMatchObject({ code: 'is-a-directory' });
  });

  test('relative paths begin at the working directory of the box', async () => {
    await box.fs.writeFile('relative/file', 'here');
    expect(await text('/root/relative/file')).toBe('here');
  });

  test('writeFile takes strings, bytes, streams and async iterables', async () => {
    async function* pieces() {
      yield Buffer.from('one ');
      yield Buffer.from('two');
    }
    const sources = ['one two', Buffer.from('one two'), ReadableStream.from(pieces()), pieces()];
    for (const source of sources) {
      await box.fs.writeFile('/w/source', source as string);
      expect(await text('/w/source')).toBe('one two');
    }
    await box.fs.writeFile('/w/source', '');
    expect((await box.fs.stat('/w/source'))?.size).toBe(0);
  });

  test('writeFile makes parents; a new file has mode 0644 and is the user of the box', async () => {
    await box.fs.writeFile('/w/a/b/c', 'x');
    expect(await sh('stat -c "%a %u %g" /w/a/b/c /w/a/b')).toBe('644 0 0\n755 0 0');
    await box.fs.writeFile('/w/mode', 'x', { mode: 0o4711 });
    expect((await box.fs.stat('/w/mode'))?.mode).toBe(0o4711);
  });

  test('writeFile keeps mode and owner of what was there, unless they are given', async () => {
    await sh('echo old > /w/kept; chmod 640 /w/kept; chown 7:8 /w/kept');
    await box.fs.writeFile('/w/kept', 'new');
    expect(await sh('stat -c "%a %u %g" /w/kept; cat /w/kept')).toBe('640 7 8\nnew');
    await box.fs.writeFile('/w/kept', 'newer', { mode: 0o600 });
    expect(await sh('stat -c "%a %u" /w/kept')).toBe('600 7');
    await sh('chmod 777 /w');
    await box.fs.writeFile('/w/by-app', 'x', { user: 'app' });
    await box.fs.writeFile('/w/kept', 'x', { user: 'root' });
    expect(await sh('stat -c "%u %g" /w/by-app /w/kept')).toBe('500 500\n0 0');
  });

  test('writeFile replaces a regular file as a whole: a reader has the old one or the new one', async () => {
    await sh('echo old > /w/atomic');
    const inode = await sh('stat -c %i /w/atomic');
    let seen = '';
    async function* slow() {
      yield Buffer.from('half');
      seen = await text('/w/atomic');
      yield Buffer.from(' and half');
    }
    await box.fs.writeFile('/w/atomic', slow());
    expect(seen).toBe('old\n');
    expect(await text('/w/atomic')).toBe('half and half');
    expect(await sh('stat -c %i /w/atomic')).not.toBe(inode);
  });

  test('a write that fails or is aborted leaves the old file and nothing beside it', async () => {
    await sh('mkdir /w/half; echo old > /w/half/file');
    const failure = new Error('source broke');
    async function* broken() {
      yield Buffer.alloc(300_000);
      throw failure;
    }
    await expect(box.fs.writeFile('/w/half/file', broken())).rejects.toBe(failure);
    const controller = new AbortController();
    async function* endless() {
      yield Buffer.alloc(10);
      controller.abort();
      await new Promise(() => {});
    }
    const aborted = box.fs.writeFile('/w/half/file', endless(), { signal: controller.signal });
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    expect(await sh('ls -A /w/half; cat /w/half/file')).toBe('file\nold');
  });

  test('writeFile follows links to the file meant, also one that is not there yet', async () => {
    await sh(
      'mkdir -p /w/links/real; cd /w/links; echo old > real/file; ln -s real/file one; ln -s one two; ln -s /w/links/real/new fresh',
    );
    await box.fs.writeFile('/w/links/two', 'through');
    await box.fs.writeFile('/w/links/fresh', 'made');
    expect(await sh('cd /w/links; for i in one two fresh; do readlink $i; done; cat real/file real/new')).toBe(
      'real/file\none\n/w/links/real/new\nthroughmade',
    );
    await sh('ln -s loop /w/links/loop');
    await expect(box.fs.writeFile('/w/links/loop', 'x')).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('writeFile writes in place what is not a regular file, and appends in place', async () => {
    await box.fs.writeFile('/dev/null', 'x');
    expect(await sh('stat -c %F /dev/null')).toBe('character special file');
    await box.fs.writeFile('/proc/sys/kernel/hostname', 'renamed');
    expect(await sh('hostname')).toBe('renamed');
    const [read] = await Promise.all([sh('cat /w/fifo'), box.fs.writeFile('/w/fifo', 'through')]);
    expect(read).toBe('through');
    await sh('echo a > /w/append; echo b > /w/mounted; touch /w/point; mount --bind /w/mounted /w/point');
    const inode = await sh('stat -c %i /w/append');
    await box.fs.writeFile('/w/append', 'b', { append: true });
    await box.fs.writeFile('/w/point', 'over');
    expect(await sh(`stat -c %i /w/append; cat /w/append /w/mounted; umount /w/point`)).toBe(`${inode}\na\nbover`);
  });

  test('writeFiles writes all of them, whatever is their number', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `/w/many/${n}/file`);
    await box.fs.writeFiles(Object.fromEntries(names.map((name) => [name, name])));
    expect(await sh('cat /w/many/*/file | wc -c')).toBe(String(names.join('').length));
    const some = box.fs.writeFiles({ '/w/many/x': 'x', '/etc/passwd/x': 'y' });
    await expect(some).rejects.toMatchObject({ code: 'not-a-directory' });
  });

  test('failures have the codes of what is wrong', async () => {
    await sh('mkdir /w/tmp; mount -t tmpfs -o size=64k none /w/tmp; mkdir -p /w/ro; mount -t tmpfs -o ro none /w/ro');
    await expect(box.fs.writeFile('/w/tmp/big', Buffer.alloc(200_000))).rejects.toMatchObject({ code: 'no-space' });
    expect(await sh('ls -A /w/tmp')).toBe('');
    await expect(box.fs.writeFile('/w/ro/x', 'x')).rejects.toMatchObject({ code: 'permission' });
    await expect(box.fs.readFile('/w/none')).rejects.toMatchObject({ code: 'file-not-found', box: box.id });
    await expect(box.fs.readFile('/w')).rejects.toMatchObject({ code: 'is-a-directory' });
    await expect(box.fs.writeFile('/w', 'x')).rejects.toMatchObject({ code: 'is-a-directory' });
    await expect(box.fs.readFile('')).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(box.fs.writeFile('/w/x', 'x', { user: 'nobody-here' })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await expect(box.fs.writeFile('/etc/x', 'x', { user: 'app' })).rejects.toMatchObject({ code: 'permission' });
  });

  test('a call that is aborted or out of time ends in the guest too, and the box goes on', async () => {
    const aborted = AbortSignal.abort();
    await expect(box.fs.mkdir('/w/never', { signal: aborted })).rejects.toMatchObject({ code: 'aborted' });
    expect(await box.fs.stat('/w/never')).toBeNull();
    const workers = 'grep -l "^PPid:.1$" /proc/[0-9]*/status | wc -l';
    const before = await sh(workers);
    const waiting = box.fs.readFile('/w/fifo', { timeoutMs: scaled(300) });
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' });
    expect(await sh(workers)).toBe(before);
    expect(await text('/w/append')).toBe('a\nb');
  });

  test('many calls at once, one of which hangs, do not disturb each other', async () => {
    const controller = new AbortController();
    const hanging = box.fs.readFile('/w/fifo', { signal: controller.signal });
    hanging.catch(() => {});
    const names = Array.from({ length: 30 }, (_, n) => `/w/at-once/${n}`);
    await Promise.all(names.map((name) => box.fs.writeFile(name, name)));
    expect(await Promise.all(names.map(text))).toEqual(names);
    controller.abort();
    await expect(hanging).rejects.toMatchObject({ code: 'aborted' });
  });
});
