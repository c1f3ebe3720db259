import type { Box } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

describe(`limits of a command on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    box = await createdBox(runtime);
  });

  test('memory: the command that needs more is killed, says so, and no other is touched', async () => {
    await using other = await box.spawn(['cat']);
    // tail keeps the last line, and there is no other.
    const hungry = await box.exec('head -c 64m /dev/zero | tail -n 1; exit 9', { limits: { memoryMiB: 16 } });
    expect(hungry).toMatchObject({ exitCode: 9, oomKilled: true });
    expect(hungry.usage.peakMemoryBytes).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(hungry.usage.peakMemoryBytes).toBeGreaterThan(12 * 1024 * 1024);
    const alone = await box.exec(['tail', '-n', '1', '/dev/zero'], { limits: { memoryMiB: 16 } });
    expect(alone).toMatchObject({ exitCode: null, signal: 'SIGKILL', oomKilled: true, ok: false });
    const modest = await box.exec('head -c 4m /dev/zero | tail -n 1 | wc -c', { limits: { memoryMiB: 16 } });
    expect(modest).toMatchObject({ exitCode: 0, oomKilled: false, stdout: `${4 * 1024 * 1024}\n` });
    expect(await other.kill()).toBe(true);
  });

  test('pids: no more than so many at once, counting the shell itself', async () => {
    const command = 'for n in 1 2 3 4 5 6; do sleep 1000 & done; echo up';
    const full = await box.exec(command, { limits: { pids: 4 } });
    expect(full.stderr).toContain('fork');
    expect(full.ok).toBe(false);
    await box.exec('killall sleep');
    expect(await box.exec('echo one | cat', { limits: { pids: 4 } })).toMatchObject({ ok: true, stdout: 'one\n' });
  });

  test('cpus: a busy command gets no more than its share', async () => {
    const result = await box.exec('timeout 2 sh -c "while :; do :; done"', { limits: { cpus: 0.2 } });
    expect(result.usage.cpuMs).toBeGreaterThan(0);
    expect(result.usage.cpuMs).toBeLessThan(0.4 * result.durationMs);
  });

  test('hold in the cgroup that they are written to, and nowhere else', async () => {
    const limits = { memoryMiB: 20, cpus: 0.5, pids: 7 };
    const show = 'cd /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup) && cat memory.max cpu.max pids.max';
    expect((await box.exec(show, { limits })).stdout).toBe(`${20 * 1024 * 1024}\n50000 100000\n7\n`);
    expect((await box.exec(show)).stdout).toBe('max\nmax 100000\nmax\n');
  });

  test('a fork bomb within them ends with its abort, and leaves nothing', async () => {
    const controller = new AbortController();
    const bomb = 'bomb() { bomb | bomb & wait; }; trap "" TERM; echo up; bomb';
    const killGraceMs = 200;
    const running = box.exec(bomb, {
      limits: { pids: 40 },
      signal: controller.signal,
      killGraceMs,
      maxOutputBytes: 1024,
      onStdout: () => controller.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    const ours = 'cat /proc/[0-9]*/cgroup 2> /dev/null | grep /c/ | sort -u | wc -l';
    expect((await box.exec(ours)).stdout).toBe('1\n');
  });
});
