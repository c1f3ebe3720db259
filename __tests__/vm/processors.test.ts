import type { Box } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

describe(`a box with several cpus on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    box = await createdBox(runtime, { cpus: 3 });
  });

  test('all of them run from its first command on', async () => {
    const online = '/sys/devices/system/cpu/online';
    expect((await box.exec(`nproc; cat ${online}; grep -c ^processor /proc/cpuinfo`)).stdout).toBe('3\n0-2\n3\n');
    const each = await box.exec('for n in 0 1 2; do taskset -c $n sh -c "cut -d\\  -f39 /proc/self/stat"; done');
    expect(each).toMatchObject({ ok: true, stdout: '0\n1\n2\n' });
  });

  test('its clock keeps up with the host while all of them are busy', async () => {
    const spin = 'for n in 0 1 2; do timeout 3 sh -c "while :; do :; done" & done; wait';
    const { stdout, durationMs } = await box.exec(`cat /proc/uptime; ${spin}; cat /proc/uptime`);
    const [before = 0, after = 0] = stdout.split('\n').map((line) => Number(line.split(' ')[0]));
    expect(1000 * (after - before)).toBeGreaterThan(0.9 * durationMs);
    expect(1000 * (after - before)).toBeLessThan(durationMs + 100);
  });

  test('a share of them is a share of one', async () => {
    const result = await box.exec('timeout 2 sh -c "while :; do :; done & while :; do :; done"', {
      limits: { cpus: 0.5 },
    });
    expect(result.usage.cpuMs).toBeLessThan(0.8 * result.durationMs);
    await box.exec(['killall', '-9', 'sh']);
  });
});
