import { readFileSync } from 'node:fs';
import type { Box } from '../../lib/index';
import { findBoxProcesses } from '../../lib/ownership/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

describe(`a box on ${engine} that dies`, () => {
  const runtime = tempRuntime();

  test.each([
    ['shim', 'lost', 'lost'],
    ['machine', 'crash', 'crash (SIGKILL)'],
  ])(
    'by SIGKILL of its %s rejects what is in flight with box-died within 1 s, and exited says %s',
    async (part, reason, said) => {
      const box = await createdBox(runtime);
      const process = await box.spawn(['cat']);
      const others = [process.wait(), box.fs.readFile('/dev/zero'), box.waitForPort(9)];
      const { inFlight, killedAt } = await killedUnder(box, () => pidOf(box, part));
      const died = {
        code: 'box-died',
        message: `The box ended while the call was under way: ${said}`,
        hint: 'The last lines of its console are in error.consoleTail; start() boots the same disk again.',
        box: box.id,
        consoleTail: expect.any(String),
      };
      await expect(inFlight).rejects.toMatchObject({ ...died, partial: { exitCode: null, ok: false, stdout: 'up\n' } });
      expect(performance.now() - killedAt()).toBeLessThan(scaled(1000));
      for (const other of others) await expect(other).rejects.toMatchObject(died);
      const exit = await box.exited;
      expect(exit.reason).toBe(reason);
      expect(await box.info()).toMatchObject({ state: 'failed', exit: { reason } });
      expect(findBoxProcesses(box.id)).toEqual([]);
      await expect(box.exec(['true'])).rejects.toMatchObject({ code: 'box-state' });
      await runtime.start(box);
      expect((await box.exec(['echo', 'again'])).stdout).toBe('again\n');
      expect(await box.remove({ force: true })).toBe(true);
    },
  );

  test('by reboot or poweroff in the guest says guest-exit', async () => {
    const box = await createdBox(runtime);
    for (const command of ['reboot -f', 'poweroff -f', 'poweroff']) {
      await runtime.start(box);
      await expect(box.exec(`trap "" TERM; ${command}; sleep 1000`)).rejects.toMatchObject({
        code: 'box-died',
        message: expect.stringMatching(/^The box ended while the call was under way: guest-exit( \(status 0\))?$/),
      });
      expect((await box.exited).reason).toBe('guest-exit');
      expect((await box.info()).state).toBe('stopped');
    }
    await box.remove();
  });

  test('by a kernel panic says crash, with the console', async () => {
    const box = await createdBox(runtime);
    await expect(box.exec(panic)).rejects.toMatchObject({
      code: 'box-died',
      consoleTail: expect.stringContaining('Kernel panic'),
    });
    expect((await box.exited).reason).toBe('crash');
    await box.remove();
  });
});

// All memory taken with the panic on: the machine has no sysrq.
const panic = 'echo 2 > /proc/sys/vm/panic_on_oom; dd if=/dev/zero of=/dev/shm/fill bs=1M; tail /dev/zero';

async function killedUnder(box: Box, pid: () => number) {
  let at = 0;
  const kill = () => {
    at = performance.now();
    process.kill(pid(), 'SIGKILL');
  };
  const inFlight = box.exec('echo up; exec sleep 1000', { onStdout: kill });
  inFlight.catch(() => {});
  return { inFlight, killedAt: () => at };
}

function pidOf(box: Box, part: string): number {
  const isShim = (argv: readonly string[]) => argv[0]?.endsWith('/boxlite-shim') === true;
  const found = findBoxProcesses(box.id).filter(({ argv }) => isShim(argv) === (part === 'shim'));
  if (found.length !== 1)
    throw new Error(`found ${found.length} for ${part}: ${readFileSync('/proc/loadavg', 'utf8')}`);
  return found[0]?.pid ?? 0;
}
