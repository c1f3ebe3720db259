import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Box, Runtime } from '../../lib/index';
import { findBoxProcesses, type ProcessIdentity, readPidFile } from '../../lib/ownership/index';
import { tempHome } from '../helpers/homes';
import { otherProgram } from '../helpers/programs';
import { engine } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';
import { until } from '../native/support';

const home = tempHome();
const fresh = () => new Runtime({ home, engine });
const linkOf = (id: string) => `/tmp/bl-${process.geteuid?.()}/${id}`;
const pidFileOf = (id: string) => join(home, 'boxes', id, 'shim.pid');
const isShim = ({ argv }: ProcessIdentity) => argv[0]?.endsWith('/boxlite-shim') === true;

/** Its id; made by a program that has ended since. */
async function orphan(options: object, before = ''): Promise<string> {
  const body = `const box = await runtime.createBox({ ...image, ...${JSON.stringify(options)} }); ${before} say(box.id);`;
  const program = otherProgram(home, body);
  const id = await program.line();
  expect(await program.ended).toEqual({ code: 0, signal: null });
  return id;
}

describe(`recovery on ${engine}`, () => {
  test('R1 R2 R4: a detached box outlives its program, is adopted by others whatever its pid file says, and is not removed without force', async () => {
    const id = await orphan({ detached: true }, `await box.exec('echo kept > /dev/shm/memory', { check: true });`);
    const [shim] = findBoxProcesses(id).filter(isShim);
    const bootId = await inRound(id, 'cat /proc/sys/kernel/random/boot_id');
    for (let round = 0; round < 10; round++) {
      expect(await inRound(id, 'cat /proc/sys/kernel/random/boot_id /dev/shm/memory')).toBe(`${bootId}kept\n`);
    }
    const truth = readFileSync(pidFileOf(id), 'utf8');
    const { pid, argv } = JSON.parse(truth);
    const wrong: Record<string, string | Buffer | null> = {
      missing: null,
      empty: '',
      truncated: truth.slice(0, truth.length / 2),
      binary: Buffer.from([0xff, 0xfe, 0, 1]),
      'of another boot': JSON.stringify({ pid, startTicks: '1', bootId: 'another', argv }),
      'of another process': JSON.stringify({ ...JSON.parse(truth), pid: process.pid }),
    };
    for (const [what, content] of Object.entries(wrong)) {
      if (content === null) rmSync(pidFileOf(id));
      else writeFileSync(pidFileOf(id), content);
      await using runtime = fresh();
      const box = (await runtime.getBox(id)) as Box;
      expect([what, await box.info()]).toMatchObject([what, { state: 'running', shimPid: shim?.pid }]);
      expect(readPidFile(pidFileOf(id))).toEqual({ kind: 'valid', identity: shim });
      await expect(box.remove()).rejects.toMatchObject({ code: 'box-state', box: id });
    }
    expect(findBoxProcesses(id).filter(isShim)).toEqual([shim]);
    await using runtime = fresh();
    expect(await runtime.remove(id, { force: true })).toBe(true);
    expect([findBoxProcesses(id), isThere(linkOf(id))]).toEqual([[], false]);
  });

  test('K6: a box whose program is killed ends gracefully by itself, its disk and its link in order', async () => {
    const body = `const box = await runtime.createBox({ ...image, autoRemove: false });
      await box.exec('echo kept > /root/file; sync', { check: true }); say(box.id); await next();`;
    const program = otherProgram(home, body);
    const id = await program.line();
    program.process.kill('SIGKILL');
    await program.ended;
    await until('its processes have ended', () => findBoxProcesses(id).length === 0, scaled(20_000));
    expect(isThere(linkOf(id))).toBe(false);
    const disk = execFileSync('dumpe2fs', ['-h', join(home, 'boxes', id, 'disk.ext4')], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(disk).not.toContain('needs_recovery');
    await using runtime = fresh();
    expect(await (await runtime.getBox(id))?.info()).toMatchObject({ state: 'stopped', exit: { reason: 'host-exit' } });
    const again = await runtime.start(id);
    expect((await again.exec(['cat', '/root/file'])).stdout).toBe('kept\n');
    await again.remove({ force: true });
  });

  test('R5: a box whose processes are gone, though its row says running, has failed as lost, and starts again', async () => {
    const id = await orphan({ detached: true });
    for (const { pid } of findBoxProcesses(id).filter(isShim)) process.kill(pid, 'SIGKILL');
    await until('its processes have ended', () => findBoxProcesses(id).length === 0, scaled(5_000));
    await using runtime = fresh();
    const listed = [];
    for await (const info of runtime.listBoxes()) if (info.id === id) listed.push(info);
    expect(listed).toMatchObject([{ id, state: 'failed', exit: { reason: 'lost' } }]);
    expect(isThere(linkOf(id))).toBe(false);
    expect((await (await runtime.start(id)).exec(['true'])).ok).toBe(true);
    await runtime.remove(id, { force: true });
  });

  test('a box that is created by one program is used, stopped and removed by others, and autoRemove takes it away at its end', async () => {
    const program = otherProgram(
      home,
      `const box = await runtime.createBox({ ...image, autoRemove: true }); say(box.id);
       const exit = await box.exited; say(exit.reason); await next();`,
    );
    const id = await program.line();
    await using runtime = fresh();
    expect((await runtime.exec(id, ['echo', 'shared'])).stdout).toBe('shared\n');
    await using other = fresh();
    const exits = await Promise.all([runtime.stop(id), other.stop(id)]);
    expect(exits.map(({ reason }) => reason)).toEqual(['stopped', 'stopped']);
    expect(await program.line()).toBe('stopped');
    expect(await runtime.getBox(id)).toBeNull();
    expect(existsSync(join(home, 'boxes', id))).toBe(false);
    program.say('end');
    await program.ended;
  });

  test('autoRemove is finished by the next program where the one that made the box is gone', async () => {
    const id = await orphan({ autoRemove: true });
    await until('its processes have ended', () => findBoxProcesses(id).length === 0, scaled(20_000));
    await using runtime = fresh();
    expect(await runtime.getBox(id)).toBeNull();
    expect(existsSync(join(home, 'boxes', id))).toBe(false);
  });
});

async function inRound(id: string, command: string): Promise<string> {
  await using runtime = fresh();
  return (await runtime.exec(id, command, { check: true })).stdout;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
