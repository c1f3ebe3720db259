import type { Box } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

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
    const pieces = { stdout: '', stderr: '' };
    for await (const { stream, data } of await box.spawn('echo out; echo err >&2')) pieces[stream] += Buffer.from(data);
    expect(pieces).toEqual({ stdout: 'out\n', stderr: 'err\n' });
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

  test('rejects for a command that cannot start', async () => {
    await expect(box.spawn(['nowhere'])).rejects.toMatchObject({ code: 'exec-not-found' });
  });

  test('ends the process at the end of an await using', async () => {
    {
      await using process = await box.spawn('echo $$ > /tmp/spawned; exec sleep 1000');
      await process.stdin.close();
      await box.exec('while ! [ -s /tmp/spawned ]; do sleep 0.05; done');
    }
    expect((await box.exec('kill -0 $(cat /tmp/spawned)')).exitCode).not.toBe(0);
  });

  test('wait() with a timeout of its own leaves the command as it is', async () => {
    const process = await box.spawn(['cat']);
    await expect(process.wait({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
    await process.stdin.close();
    expect((await process.wait()).exitCode).toBe(0);
  });
});
