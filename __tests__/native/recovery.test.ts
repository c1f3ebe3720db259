import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { boxPaths } from '../../lib/boxes/directory';
import { Home } from '../../lib/boxes/home';
import { recoverBox } from '../../lib/boxes/recover/box';
import { recoverHome } from '../../lib/boxes/recover/home';
import { newRow } from '../../lib/boxes/row';
import { tryTransition } from '../../lib/boxes/transition';
import { checkBoxOptions } from '../../lib/options';
import { readIdentity } from '../../lib/ownership/identity';
import { BoxSockets } from '../../lib/ownership/sockets';
import type { BoxRow } from '../../lib/store/schema';
import type { LogRecord } from '../../lib/types';
import { newBoxId, newNonce } from '../../lib/util/id';
import { tempHome } from '../helpers/homes';
import { boxProcess, cleanUp, stateOf, stranger } from './support';

const homes: Home[] = [];
const logged: LogRecord[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) {
    for (const id of await home.store.boxes.ids()) await removeAll(home, id);
    await home.close();
  }
  cleanUp();
});

async function openHome(path = tempHome()): Promise<Home> {
  const home = await Home.open({ home: path, engine: 'qemu', logger: (record) => logged.push(record) });
  homes.push(home);
  return home;
}

const dead = { ownerPid: 2 ** 22 + 1, ownerStartTicks: '1', ownerBootId: 'gone' };

/** A row whose program is gone, with a directory. */
async function row(home: Home, more: Partial<BoxRow> = {}, directory = true): Promise<BoxRow> {
  const options = checkBoxOptions({ image: { rootfs: '/' } });
  const made = { ...newRow(newBoxId(), newNonce(), 'qemu', options), startedAt: 1, ...dead, ...more };
  await home.store.boxes.insert(made);
  if (directory) mkdirSync(boxPaths(home.path, made.id).directory, { recursive: true });
  return made;
}

async function removeAll(home: Home, id: string): Promise<void> {
  await home.store.boxes.move(id, ['creating', 'running', 'stopping', 'stopped', 'failed'], 'removing');
  await recoverBox(home, id);
}

describe('recovery of a home', () => {
  test.each<[string, string | Buffer | null]>([
    ['no', null],
    ['an empty', ''],
    ['a truncated', '{"pid":'],
    ['a binary', Buffer.from([0, 255, 254])],
    ['a pid file of another boot', JSON.stringify({ pid: 1, startTicks: '1', bootId: 'another', argv: ['x'] })],
  ])('R4 R5: a box whose processes are gone, with %s pid file, has failed as lost', async (_, content) => {
    const home = await openHome();
    const { id } = await row(home, { state: 'running' });
    if (content !== null) writeFileSync(boxPaths(home.path, id).pidFile, content);
    await recoverHome(home);
    expect(await home.store.boxes.get(id)).toMatchObject({ state: 'failed', exit: { reason: 'lost' }, shimPid: null });
  });

  test('R4: the pid file of another process makes no box of it: it is not signalled, and the box has failed', async () => {
    const home = await openHome();
    const { id } = await row(home, { state: 'running' });
    const other = await stranger();
    const identity = readIdentity(other.pid);
    const text = JSON.stringify(identity, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    writeFileSync(boxPaths(home.path, id).pidFile, text);
    await recoverHome(home);
    expect((await home.store.boxes.get(id))?.state).toBe('failed');
    expect(readIdentity(other.pid)).toEqual(identity);
  });

  test.each([
    ['stopped', 'stopped'],
    ['killed', 'stopped'],
    ['host-exit', 'stopped'],
    ['guest-exit', 'stopped'],
    ['crash', 'failed'],
    ['oom', 'failed'],
  ])('R5: a box whose shim left the word %s is %s, with that word', async (reason, state) => {
    const home = await openHome();
    const { id } = await row(home, { state: 'running' });
    const record = { version: 1, reason, code: 0, signal: null, at: '2026-01-31T12:00:00.000Z', consoleTail: 'end' };
    writeFileSync(boxPaths(home.path, id).exitRecord, JSON.stringify(record));
    await recoverHome(home);
    const exit = { reason, code: 0, at: new Date(record.at), consoleTail: 'end' };
    expect(await home.store.boxes.get(id)).toMatchObject({ state, exit });
  });

  test('K2: what a dead shim left behind is killed, and the box has failed', async () => {
    const home = await openHome();
    const { id } = await row(home, { state: 'running' });
    const left = await boxProcess(id);
    await recoverHome(home);
    expect(['Z', undefined]).toContain(stateOf(left.pid));
    expect((await home.store.boxes.get(id))?.state).toBe('failed');
  });

  test('R8: a shim that does not answer is not dead: it is left alone, and its row with it', async () => {
    const home = await openHome();
    const { id } = await row(home, { state: 'running' });
    const mute = await boxProcess(id, 'boxlite-shim');
    await recoverHome(home);
    expect((await home.store.boxes.get(id))?.state).toBe('running');
    expect(stateOf(mute.pid)).toBe('S');
  });

  test('R3: a box whose program died while it made it is removed, with or without a directory, a disk and a link', async () => {
    const home = await openHome();
    const [bare, empty, full] = [await row(home, {}, false), await row(home), await row(home)];
    writeFileSync(boxPaths(home.path, full.id).disk, 'disk');
    await new BoxSockets(home.path, full.id).ensure();
    await recoverHome(home);
    expect(await home.store.boxes.ids()).toEqual([]);
    for (const { id } of [bare, empty, full]) {
      expect(existsSync(boxPaths(home.path, id).directory)).toBe(false);
      expect(existsSync(dirname(new BoxSockets(home.path, id).path('box.sock')))).toBe(false);
    }
  });

  test('a box that is being made by a program that lives is left alone', async () => {
    const home = await openHome();
    const self = readIdentity(process.pid);
    const owner = { ownerPid: process.pid, ownerStartTicks: String(self?.startTicks), ownerBootId: self?.bootId ?? '' };
    const { id } = await row(home, owner);
    await recoverHome(home);
    expect((await home.store.boxes.get(id))?.state).toBe('creating');
  });

  test('a box whose program died while it prepared it is removed, though it may live', async () => {
    const home = await openHome();
    const { id } = await row(home, { state: 'running', preparing: true });
    const alive = await boxProcess(id, 'boxlite-shim');
    await recoverHome(home);
    expect(await home.store.boxes.get(id)).toBeNull();
    expect(['Z', undefined]).toContain(stateOf(alive.pid));
  });

  test('a removal that was cut off at any step is finished', async () => {
    const home = await openHome();
    const withDirectory = await row(home, { state: 'removing' });
    const withoutDirectory = await row(home, { state: 'removing' }, false);
    mkdirSync(join(home.path, 'trash', 'abc', 'sockets'), { recursive: true });
    mkdirSync(boxPaths(home.path, 'rowless').directory);
    await recoverHome(home);
    expect(await home.store.boxes.ids()).toEqual([]);
    for (const { id } of [withDirectory, withoutDirectory])
      expect(existsSync(boxPaths(home.path, id).directory)).toBe(false);
    expect(existsSync(join(home.path, 'trash', 'abc'))).toBe(false);
    expect(existsSync(boxPaths(home.path, 'rowless').directory)).toBe(false);
  });

  test('a directory without a row is kept while it has a disk: it may be all that is left of somebody’s work', async () => {
    const home = await openHome();
    const paths = boxPaths(home.path, newBoxId());
    mkdirSync(paths.directory, { recursive: true });
    writeFileSync(paths.disk, 'work');
    await recoverHome(home);
    expect(readFileSync(paths.disk, 'utf8')).toBe('work');
    await removeAll(home, (await row(home, { id: paths.directory.split('/').at(-1) as string, name: 'x' }, false)).id);
  });

  test('a box in whose transition somebody else is, is left to him', async () => {
    const home = await openHome();
    const { id } = await row(home, { state: 'running' });
    const lock = await tryTransition(boxPaths(home.path, id).transition);
    await recoverHome(home);
    expect((await home.store.boxes.get(id))?.state).toBe('running');
    await lock?.release();
    await recoverHome(home);
    expect((await home.store.boxes.get(id))?.state).toBe('failed');
  });

  test('S6: links that lead nowhere go, and those of a box that rests', async () => {
    const home = await openHome();
    const { id } = await row(home, { state: 'stopped' });
    await new BoxSockets(home.path, id).ensure();
    const stale = new BoxSockets(home.path, newBoxId());
    symlinkSync(stale.directory, stale.linkPath);
    await recoverHome(home);
    expect(await BoxSockets.list(home.path)).toEqual([]);
  });

  test('several programs may do it at once: every end is written down once', async () => {
    const path = tempHome();
    const all = await Promise.all([openHome(path), openHome(path), openHome(path), openHome(path)]);
    const [first] = all as [Home, ...Home[]];
    const rows = await Promise.all(Array.from({ length: 10 }, () => row(first, { state: 'running' })));
    await Promise.all(all.map(recoverHome));
    const events = await first.store.events.after(0, {});
    expect(events.filter(({ type }) => type === 'exited').map(({ box }) => box)).toHaveLength(rows.length);
    expect(await first.store.boxes.ids(['failed'])).toHaveLength(rows.length);
  });
});
