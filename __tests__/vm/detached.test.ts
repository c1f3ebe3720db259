import { type Box, type Process, Runtime } from '../../lib/index';
import { createdBox, engine, homeOf, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

describe(`a detached command on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    box = await createdBox(runtime);
  });

  /** The same box as another program would have it: over a connection of its own. */
  async function elsewhere<T>(work: (box: Box) => Promise<T>): Promise<T> {
    await using other = new Runtime({ home: homeOf(runtime), engine });
    const same = await other.getBox(box.id);
    if (!same) throw new Error('the box is gone');
    return await work(same);
  }

  test('outlives the connection that started it, and is joined from another with all its output', async () => {
    const id = await elsewhere(async (same) => {
      const process = await same.spawn('echo out; echo err >&2; read line; echo got $line; exit 3', { detached: true });
      return process.id;
    });
    await using joined = await box.attach(id);
    expect(joined.missed).toEqual({ stdout: 0, stderr: 0 });
    const writer = joined.stdin.getWriter();
    await writer.write('a line\n');
    const result = { exitCode: 3, stdout: 'out\ngot a line\n', stderr: 'err\n' };
    expect(await joined.wait()).toMatchObject(result);
    expect(await await elsewhere((same) => same.attach(id).then((p) => p.wait()))).toMatchObject(result);
  });

  test('is only let go at the end of an await using, any other command is ended', async () => {
    const ids = await elsewhere(async (same) => {
      await using kept = await same.spawn(['sleep', '1000'], { detached: true });
      await using ended = await same.spawn(['sleep', '1000']);
      return { kept: kept.pid, ended: ended.pid, id: kept.id };
    });
    expect((await box.exec(['kill', '-0', `${ids.kept}`])).exitCode).toBe(0);
    expect((await box.exec(['kill', '-0', `${ids.ended}`])).exitCode).toBe(1);
    const joined = await box.attach(ids.id);
    expect(await joined.kill('SIGKILL')).toBe(true);
    expect(await joined.wait()).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(await joined.kill()).toBe(false);
  });

  test('gives its output from the bytes given on', async () => {
    const first = await box.spawn('printf 0123456789; printf abcdef >&2', { detached: true });
    await first.wait();
    const joined = await box.attach(first.id, { since: { stdout: 4, stderr: 6 } });
    expect(joined.missed).toEqual({ stdout: 0, stderr: 0 });
    expect(await joined.wait()).toMatchObject({ stdout: '456789', stderr: '' });
  });

  test('is never held back, and keeps the last 1 MiB of a stream; a reader finds the gap in missed', async () => {
    const most = 1024 * 1024;
    const command = `head -c ${4 * most} /dev/zero; printf '%s' the-end`;
    const process = await box.spawn(command, { detached: true });
    // Until its exit is told the agent may still be reading what it wrote.
    await box.attach(process.id).then((reader) => reader.wait());
    // This handle was given what its credit allowed, and nobody has read it.
    const late = await box.attach(process.id, { since: { stdout: 5 } });
    const bytes = 4 * most + 7;
    expect(late.missed).toEqual({ stdout: bytes - most - 5, stderr: 0 });
    expect((await late.wait()).stdoutBytes).toHaveLength(most);
    const { stdoutBytes } = await process.wait();
    expect(stdoutBytes.length + process.missed.stdout).toBe(bytes);
    expect(process.missed.stdout).toBeGreaterThan(0);
    expect(Buffer.from(stdoutBytes.subarray(-7)).toString()).toBe('the-end');
  });

  test('gives its stdin to whoever joined last; the one before gets box-busy', async () => {
    const first = await box.spawn(['cat'], { detached: true });
    const before = first.stdin.getWriter();
    await before.write('one ');
    const second = await box.attach(first.id);
    const after = second.stdin.getWriter();
    await after.write('two');
    const busy = { code: 'box-busy', message: "The command's stdin was taken by a later attach" };
    await expect(writeUntilRefused(before)).rejects.toMatchObject(busy);
    await after.close();
    expect((await second.wait()).stdout).toBe('one two');
    expect((await first.wait()).stdout).toBe('one two');
  });

  test('takes input again from a joiner after the last writer has gone', async () => {
    const cat = await box.spawn(['cat'], { detached: true });
    await elsewhere(async (same) => {
      const other = await same.attach(cat.id);
      await other.stdin.getWriter().write('there ');
    });
    const joined = await box.attach(cat.id);
    const writer = joined.stdin.getWriter();
    await writer.write('here');
    await writer.close();
    expect((await joined.wait()).stdout).toBe('there here');
  });

  test('has a terminal where one was asked for, for every joiner', async () => {
    const shell = await box.spawn('read line; stty size; echo $line', { detached: true, tty: true });
    const joined = await box.attach(shell.id);
    await joined.resize({ cols: 90, rows: 33 });
    await joined.stdin.getWriter().write('x\n');
    expect((await joined.wait()).stdout).toBe('x\r\n33 90\r\nx\r\n');
    expect((await shell.wait()).stdout).toBe('x\r\n33 90\r\nx\r\n');
  });

  test('is ended by its own timeout though nobody is there, and by an abort of its starter', async () => {
    const timeoutMs = scaled(400);
    const id = await elsewhere(async (same) => (await same.spawn('sleep 1000', { detached: true, timeoutMs })).id);
    expect(await (await box.attach(id)).wait()).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
    const controller = new AbortController();
    const process = await box.spawn('sleep 1000', { detached: true, signal: controller.signal });
    controller.abort();
    await expect(process.wait()).rejects.toMatchObject({ code: 'aborted' });
    expect((await box.attach(process.id).then((p) => p.wait())).signal).toBe('SIGTERM');
  });

  test('rejects as any other where it cannot start, and where its id is unknown', async () => {
    await expect(box.spawn(['nowhere'], { detached: true })).rejects.toMatchObject({ code: 'exec-not-found' });
    await expect(box.attach('c-unknown')).rejects.toMatchObject({
      code: 'process-not-found',
      message: 'No detached command has the id "c-unknown"',
    });
  });

  test('is listed with its name, and so are the others while they run', async () => {
    await using attached = await box.spawn(['sleep', '1000']);
    await using named = await box.spawn('sleep 1000', { detached: true, name: 'job' });
    const done = await box.spawn(['true'], { detached: true, name: 'done' });
    await done.wait();
    const listed = await elsewhere((same) => same.processes());
    const find = (process: Process) => listed.find(({ id }) => id === process.id);
    expect(find(attached)).toEqual({
      id: attached.id,
      pid: attached.pid,
      command: ['sleep', '1000'],
      startedAt: expect.any(Date),
      running: true,
    });
    expect(find(named)).toMatchObject({ name: 'job', command: ['/bin/sh', '-c', 'sleep 1000'], running: true });
    expect(find(done)).toMatchObject({ name: 'done', running: false });
    expect(Math.abs(Number(find(named)?.startedAt) - Date.now())).toBeLessThan(scaled(20_000));
    await named.kill('SIGKILL');
    expect(await box.exec('sleep 0')).toMatchObject({ ok: true });
    expect((await box.processes()).some(({ command }) => command[0] === 'true' && command.length > 1)).toBe(false);
  });

  test('has arguments of up to 1 MiB: a listing that is too long for one answer says so, and the box goes on', async () => {
    const long = 'x'.repeat(127 * 1024);
    const command = ['sh', '-c', 'read line', ...Array.from({ length: 8 }, () => long)];
    await using reader = await box.spawn(['cat']);
    const started = await Promise.all(Array.from({ length: 5 }, () => box.spawn(command)));
    await expect(box.processes()).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringMatching(/^The answer of \d+ bytes exceeds the limit of 4194304 bytes$/),
    });
    for (const process of started.slice(1)) await process.kill('SIGKILL').then(() => process.wait());
    expect((await box.processes()).find(({ id }) => id === started[0]?.id)?.command).toEqual(command);
    await started[0]?.kill('SIGKILL');
    await reader.stdin.close();
    expect((await reader.wait()).exitCode).toBe(0);
  });

  test('is joined within the time of the call alone, which leaves the command as it is', async () => {
    const job = await box.spawn('read line; echo got $line', { detached: true });
    await expect(box.attach(job.id, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    const controller = new AbortController();
    const joined = await box.attach(job.id, { signal: controller.signal, timeoutMs: scaled(2_000) });
    controller.abort();
    const cut = joined.wait({ signal: controller.signal });
    await expect(cut).rejects.toMatchObject({ code: 'aborted', message: 'wait was aborted' });
    await joined.stdin.getWriter().write('it\n');
    expect(await joined.wait()).toMatchObject({ exitCode: 0, stdout: 'got it\n' });
  });

  test('stays joinable after its end while it is among the last 256', async () => {
    const first = await box.spawn('echo first', { detached: true });
    await first.wait();
    for (let left = 256; left > 0; left -= 16) {
      const started = await Promise.all(Array.from({ length: 16 }, () => box.spawn(['true'], { detached: true })));
      if (left === 256) await expect(box.attach(first.id)).resolves.toBeDefined();
      await Promise.all(started.map((process) => process.wait()));
    }
    await expect(box.attach(first.id)).rejects.toMatchObject({ code: 'process-not-found' });
    expect((await box.processes()).filter(({ running }) => !running)).toHaveLength(256);
  });
});

/** The word that another one writes now may still be on its way. */
async function writeUntilRefused(writer: WritableStreamDefaultWriter<Uint8Array | string>): Promise<never> {
  for (;;) await writer.write(' ');
}
