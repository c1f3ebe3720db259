import { randomBytes } from 'node:crypto';
import type { Box } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { sha256 } from '../helpers/sha256';
import { scaled } from '../helpers/speed';

describe(`exec on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    box = await createdBox(runtime, { env: { BOX: 'box', SHARED: 'box' } });
  });

  test('returns exact bytes of 1 MiB of random data through cat and back', async () => {
    const data = randomBytes(1024 * 1024);
    const result = await box.exec(['cat'], { stdin: data });
    expect(sha256(result.stdoutBytes)).toBe(sha256(data));
    expect(result.dropped).toEqual({ stdout: 0, stderr: 0 });
  });

  test('takes stdin of every kind, to its end', async () => {
    async function* pieces() {
      yield Buffer.from('one ');
      yield new Uint8Array();
      yield Buffer.from('two');
    }
    const sources = ['one two', Buffer.from('one two'), ReadableStream.from(pieces()), pieces()];
    for (const stdin of sources) {
      const { stdout } = await box.exec('cat; echo .', { stdin: stdin as string });
      expect(stdout).toBe('one two.\n');
    }
  });

  test('returns every exit code from 0 to 255', async () => {
    const codes = Array.from({ length: 256 }, (_, code) => code);
    const seen: (number | null)[] = [];
    while (codes.length > 0) {
      const results = await Promise.all(codes.splice(0, 16).map((code) => box.exec(`exit ${code}`)));
      seen.push(...results.map(({ exitCode }) => exitCode));
    }
    expect(seen).toEqual(Array.from({ length: 256 }, (_, code) => code));
  });

  test.each([
    ['SIGKILL', 'kill -KILL $$'],
    ['SIGSEGV', 'kill -SEGV $$'],
    ['SIGTERM', 'kill -TERM $$'],
  ])('tells death by %s apart from an exit code', async (signal, command) => {
    expect(await box.exec(command)).toMatchObject({ exitCode: null, signal, ok: false });
  });

  test('keeps stdout and stderr apart', async () => {
    const result = await box.exec('echo out; echo err >&2; exit 3');
    expect(result).toMatchObject({ exitCode: 3, ok: false, stdout: 'out\n', stderr: 'err\n' });
  });

  test('runs 20 commands at once, each with its own result', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => box.exec(`cat; exit ${n}`, { stdin: `input ${n}\n` })),
    );
    expect(results.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(
      Array.from({ length: 20 }, (_, n) => [n, `input ${n}\n`]),
    );
  });

  test('merges the environment of image, box and command, and null takes a variable away', async () => {
    const env = { SHARED: 'command', BOX: null };
    const { stdout } = await box.exec(['env'], { env, check: true });
    const lines = stdout.trim().split('\n');
    expect(lines).toContain('SHARED=command');
    expect(lines.some((line) => line.startsWith('BOX='))).toBe(false);
    expect(lines).toContain('HOME=/root');
    expect(lines.some((line) => line.startsWith('PATH='))).toBe(true);
  });

  test('runs as the user and in the directory that are asked for', async () => {
    const result = await box.exec('id -u; id -g; pwd; echo $HOME', { user: '65534:65534', cwd: '/tmp', check: true });
    expect(result.stdout.split('\n').slice(0, 3)).toEqual(['65534', '65534', '/tmp']);
  });

  test.each([
    ['exec-not-found', ['no-such-command']],
    ['exec-not-found', ['/no/such/file']],
    ['exec-denied', ['/etc/passwd']],
    ['exec-denied', ['/etc']],
  ])('rejects with %s for %j', async (code, command) => {
    await expect(box.exec(command)).rejects.toMatchObject({ code, box: box.id });
  });

  test.each([
    ['file-not-found', { cwd: '/no/such' }],
    ['not-a-directory', { cwd: '/etc/passwd' }],
    ['invalid-argument', { user: 'no-such-user' }],
  ])('rejects with %s for %j', async (code, options) => {
    await expect(box.exec(['true'], options)).rejects.toMatchObject({ code });
  });

  test('with check rejects with exec-failed and the whole result', async () => {
    await expect(box.exec('echo so far; exit 4', { check: true })).rejects.toMatchObject({
      code: 'exec-failed',
      partial: { exitCode: 4, stdout: 'so far\n' },
    });
  });

  test('keeps the ends of an output that passes the limit, and counts the rest', async () => {
    const limit = { maxOutputBytes: 10 };
    const command = 'seq 1 20000';
    const whole = (await box.exec(command)).stdout;
    const both = await box.exec(command, limit);
    expect(both.stdout).toBe(whole.slice(0, 5) + whole.slice(-5));
    expect(both.dropped.stdout).toBe(whole.length - 10);
    expect((await box.exec(command, { ...limit, keep: 'head' })).stdout).toBe(whole.slice(0, 10));
    expect((await box.exec(command, { ...limit, keep: 'tail' })).stdout).toBe(whole.slice(-10));
  });

  test('on abort ends all that the command started, and the box stays usable', async () => {
    const controller = new AbortController();
    const command = 'setsid sh -c \'trap "" TERM; echo $$ > /tmp/pid; echo up; sleep 1000\' & wait';
    const options = { signal: controller.signal, killGraceMs: 50, onStdout: () => controller.abort() };
    await expect(box.exec(command, options)).rejects.toMatchObject({ code: 'aborted', partial: { aborted: true } });
    expect((await box.exec('kill -0 $(cat /tmp/pid)')).exitCode).not.toBe(0);
  });

  test('on a passed timeout rejects with exec-timeout and what there was', async () => {
    const command = 'echo partial; exec sleep 1000';
    const timeoutMs = scaled(500);
    const error = await box.exec(command, { timeoutMs }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'exec-timeout',
      message: `The command did not end within its ${timeoutMs} ms`,
      hint: 'Raise timeoutMs; what it had printed is in error.partial.',
      box: box.id,
      partial: { timedOut: true, aborted: false, ok: false, stdout: 'partial\n', signal: 'SIGTERM' },
    });
  });

  test('first sends the signal that was asked for, and reads what is said in the grace; even an exit of 0 is not ok', async () => {
    const controller = new AbortController();
    const trapping = 'trap "" TERM; trap "echo bye; exit 0" USR1; echo up; while :; do sleep 0.05; done';
    const cut = box.exec(trapping, {
      signal: controller.signal,
      killSignal: 'SIGUSR1',
      killGraceMs: scaled(10_000),
      onStdout: () => controller.abort(),
    });
    await expect(cut).rejects.toMatchObject({
      code: 'aborted',
      message: 'The command was aborted',
      box: box.id,
      partial: { exitCode: 0, signal: null, ok: false, aborted: true, timedOut: false, stdout: 'up\nbye\n' },
    });
  });

  test('with a signal that is aborted already starts nothing', async () => {
    await expect(box.exec('touch /tmp/started', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect((await box.exec(['test', '-e', '/tmp/started'])).exitCode).toBe(1);
  });

  test('ends the command when a callback or the stdin source throws, and rejects with that very error', async () => {
    const thrown = new Error('mine');
    const fail = () => {
      throw thrown;
    };
    await expect(box.exec('echo x; exec sleep 1000', { onStdout: fail })).rejects.toBe(thrown);
    await expect(box.exec('echo x >&2; exec sleep 1000', { onStderr: fail })).rejects.toBe(thrown);
    // biome-ignore lint/correctness/useYield: a source that fails before it yields
    async function* source(): AsyncGenerator<Uint8Array> {
      throw thrown;
    }
    await expect(box.exec('sleep 1000; cat', { stdin: source() })).rejects.toBe(thrown);
    expect((await box.exec('pidof sleep')).exitCode).toBe(1);
  });

  test('does not hang on a command that never reads its stdin', async () => {
    const result = await box.exec('exit 5', { stdin: randomBytes(4 * 1024 * 1024) });
    expect(result.exitCode).toBe(5);
  });

  test('is over when the main process has ended, whatever it left in the background', async () => {
    const result = await box.exec('sleep 1000 & echo done');
    expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n' });
    await box.exec('killall sleep');
  });

  test('reports what the command used', async () => {
    const { usage, durationMs, oomKilled } = await box.exec('i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done');
    expect(usage.cpuMs).toBeGreaterThan(0);
    expect(usage.peakMemoryBytes).toBeGreaterThan(100_000);
    expect(durationMs).toBeGreaterThan(0);
    expect(oomKilled).toBe(false);
  });
});
