import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Home } from '../../lib/boxes/home';
import { recoverHome } from '../../lib/boxes/recover/home';
import { newRow } from '../../lib/boxes/row';
import { type Box, Runtime } from '../../lib/index';
import { checkBoxOptions } from '../../lib/options';
import { findBoxProcesses, type ProcessIdentity, readPidFile } from '../../lib/ownership/index';
import { openStore } from '../../lib/store/open';
import { newBoxId, newNonce } from '../../lib/util/id';
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

  test('R3 R6: a box without a row is reported and pruned, and force removes a live, a dead and a half-created one without a trace', async () => {
    const make = () => orphan({ detached: true });
    const [rowless, live, dead] = (await Promise.all([make(), make(), make()])) as [string, string, string];
    expect(await otherProgram(home, diesCreating).ended).toEqual({ code: null, signal: 'SIGKILL' });
    const store = await openStore(home);
    await store.boxes.remove(rowless);
    const [halfId = ''] = await store.boxes.ids(['creating']);
    expect(existsSync(join(home, 'boxes', halfId, 'disk.ext4'))).toBe(true);
    await store.close();
    for (const { pid } of findBoxProcesses(dead).filter(isShim)) process.kill(pid, 'SIGKILL');

    await using runtime = fresh();
    const detail = (await runtime.doctor()).checks.find(({ id }) => id === 'boxes')?.detail;
    expect(detail).toContain(`of ${rowless}`);
    for (const id of [live, dead]) expect(detail).not.toContain(id);
    const { items } = await runtime.prune({ maxDiskMiB: 100_000 });
    expect(items.filter((item) => item.includes(rowless)).length).toBeGreaterThanOrEqual(3);
    expect((await runtime.exec(live, ['echo', 'untouched'])).stdout).toBe('untouched\n');
    for (const id of [live, dead]) expect([id, await runtime.remove(id, { force: true })]).toEqual([id, true]);
    expect(await runtime.remove(rowless, { force: true })).toBe(false);
    await runtime.remove(halfId, { force: true });
    for (const id of [rowless, live, dead, halfId]) {
      expect([findBoxProcesses(id), isThere(linkOf(id)), existsSync(join(home, 'boxes', id))]).toEqual([
        [],
        false,
        false,
      ]);
    }
  });

  test('R9: recovery with 1,000 stopped boxes takes at most twice as long as without them', async () => {
    const ids = await Promise.all([1, 2, 3, 4, 5].map(() => orphan({ detached: true })));
    const opened = await Home.open({ home, engine });
    const alone = await fastest(() => recoverHome(opened));
    const stopped = await stoppedRows(opened, 1_000);
    const among = await fastest(() => recoverHome(opened));
    dropRows(opened, stopped);
    await opened.close();
    await using runtime = fresh();
    await Promise.all(ids.map((id) => runtime.remove(id, { force: true })));
    expect(among).toBeLessThanOrEqual(2 * alone);
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
    expect((await other.getBox(id))?.id).toBe(id);
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

// Ends before the row of its new box says that it runs.
const diesCreating = `
  const lib = (name) => require(${JSON.stringify(join(__dirname, '../../lib'))} + '/' + name);
  const home = await lib('boxes/home.ts').Home.open(settings);
  const hooks = { before: (step) => { if (step === 'running') process.kill(process.pid, 'SIGKILL'); } };
  const deadline = lib('util/deadline.ts').Deadline.of({}, 'createBox');
  await lib('boxes/create.ts').createBox(home, lib('options/index.ts').checkBoxOptions(image), deadline, undefined, hooks);`;

/** The least of twenty, milliseconds: what else the machine does is not measured. */
async function fastest(work: () => Promise<void>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round++) {
    const began = performance.now();
    await work();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

/** In one transaction: each alone would wait for the disk. */
async function stoppedRows(opened: Home, count: number): Promise<string[]> {
  const [first = '', ...ids] = Array.from({ length: count }, newBoxId);
  const options = checkBoxOptions({ image: { rootfs: '/' } });
  await opened.store.boxes.insert({ ...newRow(first, newNonce(), engine, options), state: 'stopped' });
  const database = new Database(opened.store.file);
  const row = database.prepare('SELECT * FROM boxes WHERE id = ?').get(first) as Record<string, unknown>;
  const names = Object.keys(row);
  const insert = database.prepare(`INSERT INTO boxes (${names}) VALUES (${names.map((name) => `@${name}`)})`);
  database.transaction(() => ids.forEach((id) => void insert.run({ ...row, id, name: id })))();
  database.close();
  for (const id of [first, ...ids]) {
    mkdirSync(join(home, 'boxes', id));
    writeFileSync(join(home, 'boxes', id, 'disk.ext4'), '');
  }
  return [first, ...ids];
}

function dropRows(opened: Home, ids: readonly string[]): void {
  const database = new Database(opened.store.file);
  const remove = database.prepare('DELETE FROM boxes WHERE id = ?');
  database.transaction(() => ids.forEach((id) => void remove.run(id)))();
  database.close();
  for (const id of ids) rmSync(join(home, 'boxes', id), { recursive: true });
}

async function inRound(id: string, command: string): Promise<string> {
  await using runtime = fresh();
  return (await runtime.exec(id, command, { check: true })).stdout;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
