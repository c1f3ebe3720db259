import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type Box, BoxliteError } from '../../lib/index';
import { busyboxImage } from '../helpers/images';
import { createdBox, engine, homeOf, tempRuntime } from '../helpers/runtimes';

describe(`a box on ${engine}`, () => {
  const runtime = tempRuntime();

  test('is created, runs a command, is stopped and removed', async () => {
    const box = await createdBox(runtime);
    const result = await box.exec(['/bin/echo', 'hi']);
    expect(result).toMatchObject({ exitCode: 0, signal: null, ok: true, stdout: 'hi\n', stderr: '' });
    expect(await box.info()).toMatchObject({ id: box.id, name: box.id, state: 'running', engine });
    const exit = await box.stop();
    expect(exit.reason).toBe('stopped');
    expect(await box.exited).toEqual(exit);
    expect((await box.info()).state).toBe('stopped');
    expect(await box.stop()).toEqual(exit);
    expect(await box.remove()).toBe(true);
    expect(await box.remove()).toBe(false);
    expect(await runtime.getBox(box.id)).toBeNull();
  });

  test('says where its boot time went', async () => {
    const box = await createdBox(runtime);
    const { totalMs, imageMs, disksMs, shimMs, kernelMs, agentMs, imageCached } = box.boot;
    for (const part of [imageMs, disksMs, shimMs, kernelMs, agentMs]) expect(part).toBeGreaterThan(0);
    expect(imageMs + disksMs + shimMs + kernelMs + agentMs).toBeLessThanOrEqual(totalMs);
    expect(imageCached).toBe(true);
    await box.remove({ force: true });
  });

  test('keeps its files over stop and start, with a disk that was unmounted', async () => {
    const box = await createdBox(runtime);
    await box.exec('echo kept > /root/file; dd if=/dev/urandom of=/root/data bs=1024 count=512 2>/dev/null', {
      check: true,
    });
    const before = await box.exec('sha256sum /root/data', { check: true });
    await box.stop();
    expect(needsRecovery(homeOf(runtime), box)).toBe(false);
    const again = await runtime.start(box);
    expect((await again.exec(['cat', '/root/file'], { check: true })).stdout).toBe('kept\n');
    expect((await box.exec('sha256sum /root/data', { check: true })).stdout).toBe(before.stdout);
    const log = await box.exec('dmesg', { check: true });
    expect(log.stdout).not.toMatch(/recovery complete|recovering journal/);
    await box.remove({ force: true });
  });

  test('never sees the writes of another box of the same image', async () => {
    const [one, other] = await Promise.all([createdBox(runtime), createdBox(runtime)]);
    await one.exec('echo secret > /root/mine', { check: true });
    expect((await other.exec(['ls', '/root/mine'])).exitCode).toBe(1);
    await Promise.all([one.remove({ force: true }), other.remove({ force: true })]);
  });

  test('has the name, the labels and the settings that it was given', async () => {
    const named = {
      name: 'named',
      labels: { team: 'a' },
      hostname: 'host-1',
      env: { A: '1' },
      cwd: '/tmp',
      user: 'nobody',
    };
    const box = await createdBox(runtime, named);
    const result = await box.exec('hostname; echo $A; pwd; id -un', { check: true });
    expect(result.stdout).toBe('host-1\n1\n/tmp\nnobody\n');
    const listed = [];
    for await (const info of runtime.listBoxes({ labels: { team: 'a' } })) listed.push(info.name);
    expect(listed).toEqual(['named']);
    expect((await runtime.getBox('named'))?.id).toBe(box.id);
    await expect(createdBox(runtime, { name: 'named' })).rejects.toMatchObject({ code: 'box-exists', box: box.id });
    await box.remove({ force: true });
  });

  test('is not removed while it runs, unless by force', async () => {
    const box = await createdBox(runtime);
    await expect(box.remove()).rejects.toMatchObject({ code: 'box-state', box: box.id });
    expect((await box.exec(['true'])).ok).toBe(true);
    expect(await box.remove({ force: true })).toBe(true);
    await expect(box.exec(['true'])).rejects.toMatchObject({ code: 'box-not-found' });
    expect((await box.exited).reason).toBe('killed');
  });

  test('grows its disk to the size that was asked for, and has a small one', async () => {
    const [small, large] = await Promise.all([
      createdBox(runtime, { diskMiB: 128 }),
      createdBox(runtime, { diskMiB: 8192 }),
    ]);
    expect(await sizeMiB(small)).toBeGreaterThan(90);
    expect(await sizeMiB(small)).toBeLessThanOrEqual(128);
    expect(await sizeMiB(large)).toBeGreaterThan(7500);
    await Promise.all([small.remove({ force: true }), large.remove({ force: true })]);
  });

  test('is stopped and removed by the end of an await using', async () => {
    let id: string;
    {
      await using box = await runtime.createBox({ image: { layout: busyboxImage() } });
      id = box.id;
    }
    expect(await runtime.getBox(id)).toBeNull();
  });

  test('that is killed by force says so', async () => {
    const box = await createdBox(runtime);
    expect((await box.stop({ force: true })).reason).toBe('killed');
    await box.remove();
  });

  test('whose command ends on SIGTERM at a stop gives the true result', async () => {
    const box = await createdBox(runtime);
    const running = box.exec('trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.1; done', {
      onStdout: () => void box.stop(),
    });
    expect(await running).toMatchObject({ exitCode: 7, stdout: 'up\nbye\n' });
    expect((await box.exited).reason).toBe('stopped');
    await box.remove();
  });

  test('whose stop cuts a command off rejects it with box-state and what there was, by a grace that ran out and by force', async () => {
    const box = await createdBox(runtime);
    const deaf = 'trap "" TERM; echo up; while :; do sleep 0.1; done';
    for (const how of [{ graceMs: 300 }, { force: true }]) {
      const process = await box.spawn(deaf);
      await process.waitForLog('up');
      const waiting = process.wait();
      const running = box.exec(deaf, { onStdout: () => void box.stop(how) });
      const cut = {
        code: 'box-state',
        box: box.id,
        partial: { exitCode: null, signal: null, ok: false, stdout: 'up\n' },
      };
      await Promise.all([expect(running).rejects.toMatchObject(cut), expect(waiting).rejects.toMatchObject(cut)]);
      expect((await box.exited).reason).toBe('killed');
      expect((await box.info()).state).toBe('stopped');
      if ('graceMs' in how) await runtime.start(box);
    }
    await box.remove();
  });

  test('is told apart from one that has its name now', async () => {
    const first = await createdBox(runtime, { name: 'reused' });
    const row = await first.info();
    await first.remove({ force: true });
    await expect(runtime.exec('reused', ['true'])).rejects.toMatchObject({ code: 'box-not-found' });
    await expect(runtime.exec(row, ['true'])).rejects.toMatchObject({ code: 'box-not-found' });
    const second = await createdBox(runtime, { name: 'reused' });
    const error = await first.exec(['true']).catch((e: unknown) => e);
    expect(BoxliteError.is(error, 'box-replaced')).toBe(true);
    await expect(runtime.exec(row, ['true'])).rejects.toMatchObject({ code: 'box-replaced' });
    expect(await first.remove()).toBe(false);
    expect(await runtime.remove(row)).toBe(false);
    expect((await runtime.exec('reused', ['true'])).ok).toBe(true);
    expect((await runtime.exec(await second.info(), ['true'])).ok).toBe(true);
    await second.remove({ force: true });
  });
});

async function sizeMiB(box: Box): Promise<number> {
  const { stdout } = await box.exec("df -m / | tail -n 1 | awk '{print $2}'", { check: true });
  return Number(stdout);
}

/** Whether the journal of the box's disk still has to be replayed. */
function needsRecovery(home: string, box: Box): boolean {
  const disk = join(home, 'boxes', box.id, 'disk.ext4');
  return execFileSync('dumpe2fs', ['-h', disk], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).includes(
    'needs_recovery',
  );
}
