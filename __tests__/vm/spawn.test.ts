import type { Box, Process } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

describe(`spawn on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    box = await createdBox(runtime);
  });

  test('streams both ways while the command runs', async () => {
    const process = await box.spawn(['cat']);
    expect(process.pid).toBeGreaterThan(1);
    const writer = process.stdin.getWriter();
    const reader = process.stdout.getReader();
    for (const text of ['one', 'two']) {
      await writer.write(text);
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(text);
    }
    await writer.close();
    expect((await reader.read()).done).toBe(true);
    expect(await process.wait()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('gives lines, and both streams when iterated', async () => {
    const lines = [];
    for await (const line of (await box.spawn('printf "a\\r\\nb\\nlast"')).lines()) lines.push(line);
    expect(lines).toEqual(['a', 'b', 'last']);
    const errors = [];
    for await (const line of (await box.spawn('printf "a\\r\\r\\n\\nb" >&2; echo out')).lines('stderr'))
      errors.push(line);
    expect(errors).toEqual(['a\r', '', 'b']);
    const pieces = { stdout: '', stderr: '' };
    for await (const { stream, data } of await box.spawn('echo out; echo err >&2')) pieces[stream] += Buffer.from(data);
    expect(pieces).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    const iterated = await box.spawn('echo out; echo err >&2');
    for await (const { stream, data } of iterated) pieces[stream] += Buffer.from(data);
    expect(await iterated.wait()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(pieces).toEqual({ stdout: 'out\nout\n', stderr: 'err\nerr\n' });
  });

  test('collects with wait() what nobody took', async () => {
    const process = await box.spawn('echo out; echo err >&2; exit 2');
    expect(await process.wait()).toMatchObject({ exitCode: 2, stdout: 'out\n', stderr: 'err\n' });
  });

  test('holds the writer back while nobody reads, and holds up no other command', async () => {
    const unread = await box.spawn('yes');
    expect((await box.exec(['echo', 'free'])).stdout).toBe('free\n');
    expect(await unread.kill('SIGKILL')).toBe(true);
    expect((await unread.wait()).signal).toBe('SIGKILL');
    expect(await unread.kill()).toBe(false);
  });

  test('lets a command go on once its stream is read, and not before', async () => {
    const held = await box.spawn('head -c 4m /dev/zero; echo > /tmp/through');
    const through = async () => (await box.exec('test -e /tmp/through')).ok;
    for (let n = 0; n < 10; n++) expect(await through()).toBe(false);
    let bytes = 0;
    for await (const chunk of held.stdout) bytes += chunk.length;
    expect([bytes, (await held.wait()).exitCode, await through()]).toEqual([4 * 1024 * 1024, 0, true]);
  });

  test('streams end with the main process; what it left behind goes on, its output thrown away', async () => {
    const command = '(read go < /tmp/go; head -c 1m /dev/zero && echo through > /tmp/left) & echo out';
    await box.exec('mkfifo /tmp/go', { check: true });
    const lines = [];
    for await (const line of (await box.spawn(command)).lines()) lines.push(line);
    expect(lines).toEqual(['out']);
    // More than any pipe holds.
    expect(
      (await box.exec('echo > /tmp/go; while ! [ -s /tmp/left ]; do sleep 0.05; done; cat /tmp/left')).stdout,
    ).toBe('through\n');
  });

  test('rejects for a command that cannot start, and starts nothing for a signal that is aborted already', async () => {
    await expect(box.spawn(['nowhere'])).rejects.toMatchObject({ code: 'exec-not-found' });
    const late = box.spawn('touch /tmp/started', { signal: AbortSignal.abort() });
    await expect(late).rejects.toMatchObject({ code: 'aborted' });
    expect((await box.exec('test -e /tmp/started')).exitCode).toBe(1);
  });

  test.each<[string, (process: Process, abort: () => void) => Promise<unknown>]>([
    ['an abort', async (_, abort) => abort()],
    ['its timeout', async () => {}],
    ['kill()', (process) => process.kill('SIGKILL')],
    ['the end of an await using', async (process) => await process[Symbol.asyncDispose]()],
  ])('%s ends all that it started: sessions of their own, double forks, what ignores SIGTERM', async (how, end) => {
    const controller = new AbortController();
    const own = `setsid sh -c 'trap "" TERM; sleep 1000 & sleep 1000' & (setsid sh -c 'sleep 1000 & sleep 1000' &)`;
    const limit = how === 'its timeout' ? { timeoutMs: scaled(500) } : { signal: controller.signal };
    const process = await box.spawn(`${own}; trap "" TERM; echo up; wait`, { ...limit, killGraceMs: 50 });
    await process.waitForLog('up');
    await end(process, () => controller.abort());
    await process.wait().catch(() => {});
    expect((await box.exec('while pidof sleep; do :; done', { timeoutMs: scaled(2_000) })).stdout).toBe('');
  });

  test('does not hold up a command whose stdin nobody ends', async () => {
    expect(await (await box.spawn('exit 3')).wait()).toMatchObject({ exitCode: 3 });
  });

  test('ends the process at the end of an await using', async () => {
    {
      await using process = await box.spawn('echo $$ > /tmp/spawned; exec sleep 1000');
      await process.stdin.close();
      await box.exec('while ! [ -s /tmp/spawned ]; do sleep 0.05; done');
    }
    expect((await box.exec('kill -0 $(cat /tmp/spawned)')).exitCode).not.toBe(0);
  });

  test('calls that are cut off by limits of their own leave the command as it is', async () => {
    const process = await box.spawn(['cat']);
    await expect(process.wait({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
    const signal = AbortSignal.abort();
    await expect(process.wait({ signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect(process.waitForLog('x', { signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect(process.kill('SIGKILL', { signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect(box.info({ signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect(box.metrics({ signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect(box.processes({ signal })).rejects.toMatchObject({ code: 'aborted' });
    await process.stdin.close();
    expect((await process.wait()).exitCode).toBe(0);
  });
});
