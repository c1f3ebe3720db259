import type { Box, LogRecord } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

describe(`watching a box on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    // Ready at the third look.
    const command = 'echo look >> /tmp/looks; [ $(wc -l < /tmp/looks) = 3 ]';
    box = await createdBox(runtime, { ready: { command }, env: { BOX: 'box' } });
  });

  test('createBox resolves once its ready command succeeds', async () => {
    expect((await box.exec('wc -l < /tmp/looks')).stdout).toBe('3\n');
  });

  test('a box that is not ready in time is not there, and the error says what was found', async () => {
    const bootTimeoutMs = Math.round(box.boot.totalMs * 2 + 1_000);
    const options = { name: 'unready', bootTimeoutMs, ready: { port: 8099 } };
    await expect(createdBox(runtime, options)).rejects.toMatchObject({
      code: 'boot-timeout',
      message: expect.stringMatching(/^The box was not ready within its \d+ ms/),
    });
    expect(await runtime.getBox('unready')).toBeNull();
  });

  test('waitForPort waits until somebody answers on it, with a path for the status of it', async () => {
    const waiting = box.waitForPort(8080);
    const page = 'mkdir -p /tmp/www && echo hi > /tmp/www/page && exec httpd -f -p 127.0.0.1:8080 -h /tmp/www';
    await using server = await box.spawn(page);
    await waiting;
    await box.waitForPort(8080, { path: '/page' });
    await box.waitForPort(8080, { path: '/missing', status: 404 });
    const wrong = box.waitForPort(8080, { path: '/missing', timeoutMs: scaled(300) });
    await expect(wrong).rejects.toMatchObject({
      code: 'timeout',
      message: `Port 8080 of the box was not ready within ${scaled(300)} ms: the answer was status 404`,
    });
    expect(await server.kill()).toBe(true);
  });

  test('waitForPort finds a server on ::1 alone, and says what it found of none', async () => {
    await using _ = await box.spawn('exec httpd -f -p [::1]:8081 -h /tmp');
    await box.waitForPort(8081);
    await expect(box.waitForPort(8082, { timeoutMs: scaled(200) })).rejects.toMatchObject({
      code: 'timeout',
      message: `Port 8082 of the box was not ready within ${scaled(200)} ms: Connection refused`,
      hint: 'Make sure that something in the box listens on it, or raise timeoutMs.',
    });
    await expect(box.waitForPort(8082, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });

  test('waitForLog finds lines as they come, and leaves them to readers', async () => {
    const command = 'echo starting; read go; echo "listening on 80" >&2; echo more; read end; echo over';
    const process = await box.spawn(command);
    const writer = process.stdin.getWriter();
    expect(await process.waitForLog('start')).toBe('starting');
    await expect(process.waitForLog('listening', { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
    await writer.write('go\n');
    expect(await process.waitForLog(/listening on (\d+)/)).toBe('listening on 80');
    expect(await process.waitForLog('more')).toBe('more');
    const missing = process.waitForLog('never');
    await writer.write('end\n');
    await expect(missing).rejects.toMatchObject({
      code: 'exec-failed',
      message: "The process exited with 0 before it printed a line with 'never'",
      partial: { exitCode: 0, stdout: 'starting\nmore\nover\n', stderr: 'listening on 80\n' },
    });
    expect(await process.wait()).toMatchObject({ stdout: 'starting\nmore\nover\n', stderr: 'listening on 80\n' });
  });

  test('waitForLog holds the command back past maxOutputBytes', async () => {
    await using process = await box.spawn('yes | head -c 8m; echo done >&2', { maxOutputBytes: 1024 * 1024 });
    const late = process.waitForLog('done', { timeoutMs: scaled(500) });
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
    const result = await process.wait();
    expect(result.stdoutBytes.length + result.dropped.stdout).toBe(8 * 1024 * 1024);
    expect(result.stderr).toBe('done\n');
  });

  test('metrics tell what the box uses, on the host and inside', async () => {
    await using _ = await box.spawn(['sleep', '1000']);
    const before = await box.metrics();
    expect(before.processes).toBe(1);
    expect(before.guestMemoryBytes).toBeGreaterThan(1024 * 1024);
    expect(before.guestMemoryBytes).toBeLessThan(256 * 1024 * 1024);
    expect(before.hostMemoryBytes).toBeGreaterThan(16 * 1024 * 1024);
    expect(before.diskBytes).toBeGreaterThan(0);
    expect([before.netInBytes, before.netOutBytes]).toEqual([0, 0]);
    await box.exec('i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done');
    const after = await box.metrics();
    expect(after.cpuMs).toBeGreaterThan(before.cpuMs);
    expect(after.at.getTime()).toBeGreaterThanOrEqual(before.at.getTime());
  });

  test('logs give what console and shim said, and follow them to the end of the box', async () => {
    const controller = new AbortController();
    const aborted = collect(box.logs({ follow: true, signal: controller.signal }));
    const following = collect(box.logs({ follow: true, sources: ['console'] }));
    await box.exec('echo "a mark on the console" > /dev/console');
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    await box.stop();
    expect((await following).some(({ text }) => text === 'a mark on the console')).toBe(true);
    const logs = await collect(box.logs());
    expect(logs.some(({ source, text }) => source === 'console' && text === 'a mark on the console')).toBe(true);
    expect(logs.every((record) => record.box === box.id && record.at instanceof Date)).toBe(true);
    expect(await collect(box.logs({ sources: ['agent'] }))).toEqual(logs.filter(({ source }) => source === 'agent'));
  });
});

async function collect(logs: AsyncIterable<LogRecord>): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of logs) records.push(record);
  return records;
}
