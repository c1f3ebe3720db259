import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { boxPaths } from '../../lib/boxes/directory';
import { Runtime } from '../../lib/index';
import { homeOfFile } from '../../lib/ownership/home-of';
import { BoxSockets } from '../../lib/ownership/sockets';
import { newBoxId } from '../../lib/util/id';
import { tempHome } from '../helpers/homes';
import { boxProcess, cleanUp, stateOf, until } from './support';

afterEach(cleanUp);

/** A process of a box without a row, which works in that home. */
async function orphan(home: string, program = 'boxlite-shim') {
  const id = newBoxId();
  const { directory, lock } = boxPaths(home, id);
  mkdirSync(directory, { recursive: true });
  return { id, directory, child: await boxProcess(id, program, lock) };
}

test('R6: processes of no row are reported by doctor() and ended by prune(), those of another home are never touched', async () => {
  const [home, otherHome] = [tempHome(), tempHome()];
  await using runtime = new Runtime({ home });
  await runtime.doctor();
  const mine = [await orphan(home), await orphan(home, 'boxlite-vmm')];
  const foreign = await orphan(otherHome);
  const unplaced = await boxProcess(newBoxId(), 'boxlite-shim');

  const check = (await runtime.doctor()).checks.find(({ id }) => id === 'boxes');
  expect(check).toMatchObject({ status: 'warn', fix: expect.stringContaining('prune') });
  for (const { id, child } of mine) expect(check?.detail).toContain(`process ${child.pid} of ${id}`);
  for (const pid of [foreign.child.pid, unplaced.pid]) expect(check?.detail).not.toContain(`process ${pid} `);

  const tried = await runtime.prune({ dryRun: true });
  expect(mine.map(({ child }) => stateOf(child.pid))).toEqual(['S', 'S']);
  const { items } = await runtime.prune();
  for (const { child } of mine) {
    expect(items.filter((item) => item.startsWith(`process ${child.pid} `))).toHaveLength(1);
    await until('it has ended', () => [undefined, 'Z'].includes(stateOf(child.pid)));
  }
  expect(tried.items.filter((item) => item.startsWith('process'))).toEqual(
    items.filter((item) => item.startsWith('process')),
  );
  expect([stateOf(foreign.child.pid), stateOf(unplaced.pid)]).toEqual(['S', 'S']);
  expect(mine.filter(({ directory }) => existsSync(directory))).toEqual([]);
  expect((await runtime.doctor()).checks.find(({ id }) => id === 'boxes')?.status).toBe('ok');

  await using other = new Runtime({ home: otherHome });
  expect((await other.prune()).items.filter((item) => item.startsWith('process'))).toHaveLength(1);
});

test('prune() deletes directories of no row, with their size, and links that lead nowhere; with dryRun it only says so', async () => {
  const home = tempHome();
  await using runtime = new Runtime({ home });
  const paths = boxPaths(home, newBoxId());
  const stale = new BoxSockets(home, newBoxId());
  expect(await runtime.prune()).toEqual({ freedBytes: 0, items: [] });
  mkdirSync(paths.directory, { recursive: true });
  writeFileSync(paths.disk, Buffer.alloc(1024 * 1024, 1));
  mkdirSync(`/tmp/bl-${process.geteuid?.()}`, { recursive: true, mode: 0o700 });
  symlinkSync(stale.directory, stale.linkPath);
  const tried = await runtime.prune({ dryRun: true });
  expect(existsSync(paths.disk)).toBe(true);
  expect(await BoxSockets.findStale(home)).toEqual([stale.linkPath]);
  const done = await runtime.prune();
  expect(done.freedBytes).toBeGreaterThanOrEqual(1024 * 1024);
  expect(done.items).toContain(`directory ${paths.directory}`);
  expect(existsSync(paths.directory)).toBe(false);
  expect(await BoxSockets.findStale(home)).toEqual([]);
  expect(tried.items.sort()).toEqual([`directory ${paths.directory}`, `link ${stale.linkPath}`].sort());
  expect(await runtime.prune()).toEqual({ freedBytes: 0, items: [] });
});

test.each<[string, string | null]>([
  ['/h/boxes/k3/lock', '/h'],
  ['/a/boxes/b/boxes/k3/disk.ext4', '/a/boxes/b'],
  ['/h/trash/k3/lock (deleted)', '/h'],
  ['/h/boxes/k30/lock', null],
  ['/h/boxes/k3', null],
  ['/boxes/k3/lock', null],
  ['socket:[123]', null],
])('R6: an open %s says that the home is %s', (path, home) => {
  expect(homeOfFile(path, 'k3')).toBe(home);
});
