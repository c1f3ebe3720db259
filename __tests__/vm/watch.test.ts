import type { Box, Watch } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

type Event = Watch extends AsyncIterable<infer T> ? T : never;

describe(`watch on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  const sh = async (command: string) => (await box.exec(command, { check: true })).stdout.trimEnd();
  beforeAll(async () => {
    box = await createdBox(runtime, { cwd: '/w' });
    // Its own directory is not there yet.
    await box.exec('mkdir -p /w/old/deep /w/other; touch /w/file /w/old/deep/f', { check: true, cwd: '/' });
  });

  /** What is seen of a command: everything up to the mark that it leaves at its end, each once. */
  async function seen(watch: Watch, command: string, mark: string): Promise<string[]> {
    await sh(`${command}; touch ${mark}`);
    const events: string[] = [];
    for await (const event of watch) {
      if (event.path === mark) break;
      if (!events.includes(said(event))) events.push(said(event));
    }
    return events;
  }

  test('says what is made, written, renamed and removed in a directory, with absolute paths', async () => {
    await using watch = await box.fs.watch('.');
    const command =
      'cd /w; echo x > new; mv new newer; rm newer; echo x >> file; echo x > old/not-seen; mv file other/';
    expect(await seen(watch, command, '/w/mark')).toEqual([
      'create /w/new',
      'write /w/new',
      'rename /w/newer < /w/new',
      'remove /w/newer',
      'write /w/file',
      'remove /w/file',
    ]);
    expect(await seen(watch, 'mv /w/other/file /w/file', '/w/mark2')).toEqual(['create /w/file']);
  });

  test('goes down with recursive, also into what is made or renamed later', async () => {
    await using watch = await box.fs.watch('/w', { recursive: true });
    expect(await seen(watch, 'echo x > /w/old/deep/f', '/w/m1')).toEqual(['write /w/old/deep/f']);
    const made = await seen(watch, 'mkdir -p /w/a/b; echo x > /w/a/b/c', '/w/m2');
    expect(made).toEqual(expect.arrayContaining(['create /w/a', 'create /w/a/b', 'create /w/a/b/c']));
    expect(await seen(watch, 'mv /w/old /w/renamed; echo x > /w/renamed/deep/f', '/w/m3')).toEqual([
      'rename /w/renamed < /w/old',
      'write /w/renamed/deep/f',
    ]);
    expect(await seen(watch, 'mv /w/renamed /out; echo x > /out/deep/f', '/w/m4')).toEqual(['remove /w/renamed']);
    expect(await seen(watch, 'rm -r /w/a', '/w/m5')).toEqual(['remove /w/a/b/c', 'remove /w/a/b', 'remove /w/a']);
  });

  test('watches one file through being replaced', async () => {
    await using watch = await box.fs.watch('/w/file');
    const events = watch[Symbol.asyncIterator]();
    await box.fs.writeFile('/w/beside', 'x');
    await box.fs.writeFile('/w/file', 'new');
    expect((await events.next()).value).toMatchObject({ type: 'rename', path: '/w/file' });
    await box.fs.writeFile('/w/file', 'x', { append: true });
    expect((await events.next()).value).toEqual({ type: 'write', path: '/w/file' });
  });

  test('ends with the directory, with its disposal, and with aborted when it is aborted', async () => {
    await sh('mkdir /gone');
    const gone = await box.fs.watch('/gone');
    await sh('rmdir /gone');
    expect(await all(gone)).toEqual(['remove /gone']);

    const disposed = await box.fs.watch('/w');
    const waiting = all(disposed);
    await disposed[Symbol.asyncDispose]();
    expect(await waiting).toEqual([]);

    const controller = new AbortController();
    const aborted = all(await box.fs.watch('/w', { signal: controller.signal }));
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    await expect(box.fs.watch('/none')).rejects.toMatchObject({ code: 'file-not-found' });
  });

  test('says overflow when more happened than was read, and goes on', async () => {
    // Events carry whole paths, so that few of them fill the pipes and the credit, which come first.
    const many = `/many${`/${'a-long-name-'.repeat(20)}`.repeat(14)}`;
    await sh(`mkdir -p ${many}; echo 50 > /proc/sys/fs/inotify/max_queued_events`);
    await using watch = await box.fs.watch(many);
    await sh(`cd ${many}; i=0; while [ $i -lt 3000 ]; do : > $i; i=$((i+1)); done`);
    const types = new Set<string>();
    for await (const { type, path } of watch) {
      types.add(type);
      if (type === 'overflow') {
        expect(path).toBe(many);
        break;
      }
    }
    expect(types).toContain('overflow');
    expect((await seen(watch, `mkdir ${many}/after`, `${many}/mark`)).length).toBeGreaterThan(0);
  });

  test('a watch in flight when the box is stopped rejects with box-state', async () => {
    const other = await createdBox(runtime);
    const watching = all(await other.fs.watch('/'));
    const reading = other.exec('mkfifo /f; true').then(() => other.fs.readFile('/f'));
    watching.catch(() => {});
    reading.catch(() => {});
    await other.exec('true');
    await other.stop();
    await expect(watching).rejects.toMatchObject({ code: 'box-state' });
    await expect(reading).rejects.toMatchObject({ code: 'box-state' });
  });
});

function said({ type, path, from }: Event): string {
  return from === undefined ? `${type} ${path}` : `${type} ${path} < ${from}`;
}

async function all(watch: Watch): Promise<string[]> {
  const events: string[] = [];
  for await (const event of watch) events.push(said(event));
  return events;
}
