import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { BoxSockets } from '../../../lib/ownership/sockets';
import { newBoxId } from '../../../lib/util/id';
import { cleanUp, onCleanUp, runProgram, tempDirectory } from '../support';

afterEach(cleanUp);

const parent = `/tmp/bl-${process.geteuid?.()}`;

function boxSockets(home = tempDirectory(), id = newBoxId()): BoxSockets {
  const sockets = new BoxSockets(home, id);
  onCleanUp(() => rmSync(sockets.linkPath, { recursive: true, force: true }));
  return sockets;
}

/** A directory of that user, where this one may give any away. */
function directoryOf(uid: number): string {
  const path = tempDirectory();
  if (process.geteuid?.() === 0) chownSync(path, uid, uid);
  return path;
}

const leads = (sockets: BoxSockets) => statSync(sockets.linkPath).ino === statSync(sockets.directory).ino;

test('S1: a socket bound and dialled through the short path is in the home, though that is 300 bytes deep', async () => {
  const home = join(tempDirectory(), ...Array.from({ length: 10 }, () => 'd'.repeat(30)));
  const sockets = boxSockets(home);
  await sockets.ensure();
  const server = createServer((socket) => socket.end('hello')).listen(sockets.path('box.sock'));
  await once(server, 'listening');
  expect(readdirSync(sockets.directory)).toEqual(['box.sock']);
  const client = connect(sockets.path('box.sock'));
  const [said] = await once(client, 'data');
  expect(String(said)).toBe('hello');
  server.close();
  await once(server, 'close');
});

test('S2: the parent is a directory of this user alone; a wrong mode is repaired', async () => {
  await boxSockets().ensure();
  for (const mode of [0o777, 0o755, 0o1700]) {
    chmodSync(parent, mode);
    await boxSockets().ensure();
    expect(statSync(parent).mode & 0o7777).toBe(0o700);
  }
  expect(lstatSync(parent).isDirectory()).toBe(true);
});

test.each([
  ['a directory of another user', (path: string) => mkdirSync(path)],
  ['a link', (path: string, uid: number) => symlinkSync(directoryOf(uid), path)],
  ['a file', (path: string) => writeFileSync(path, '')],
])('S2: %s in the place of the parent is refused, by ensure and by sweepStale', async (_, put) => {
  const uid = 54_321;
  const home = tempDirectory();
  chmodSync(home, 0o777);
  put(`/tmp/bl-${uid}`, uid);
  onCleanUp(() => rmSync(`/tmp/bl-${uid}`, { recursive: true }));
  // Only root can become that user; another sees the same things there with its uid changed in its own eyes.
  const script = `
    const { BoxSockets } = lib('ownership/sockets');
    const [home, uid] = process.argv.slice(1);
    if (process.geteuid() !== 0) process.geteuid = () => Number(uid);
    else {
      process.setgid(Number(uid));
      process.setuid(Number(uid));
    }
    for (const call of [() => new BoxSockets(home, 'k3').ensure(), () => BoxSockets.sweepStale(home)]) {
      await call().then(() => console.log('done'), ({ code, message }) => console.log(code, message.includes('/tmp/bl-' + uid)));
    }`;
  expect(await runProgram(script, home, String(uid))).toBe('socket-dir true\nsocket-dir true\n');
});

test('S3: a file or a directory where the link should be is refused and left as it is', async () => {
  const sockets = boxSockets();
  await sockets.ensure();
  unlinkSync(sockets.linkPath);
  writeFileSync(sockets.linkPath, 'mine');
  await expect(sockets.ensure()).rejects.toMatchObject({
    code: 'socket-dir',
    message: expect.stringContaining(sockets.linkPath),
  });
  await sockets.remove();
  expect(readFileSync(sockets.linkPath, 'utf8')).toBe('mine');
  unlinkSync(sockets.linkPath);
  mkdirSync(sockets.linkPath);
  await expect(sockets.ensure()).rejects.toMatchObject({ code: 'socket-dir' });
  expect(lstatSync(sockets.linkPath).isDirectory()).toBe(true);
});

test('S3: a link that leads elsewhere, nowhere or in a circle is replaced', async () => {
  for (const target of ['/etc', '/nowhere/at/all', 'itself']) {
    const sockets = boxSockets();
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    symlinkSync(target === 'itself' ? sockets.linkPath : target, sockets.linkPath);
    await sockets.ensure();
    expect(leads(sockets)).toBe(true);
  }
  expect(readdirSync(parent).filter((name) => name.split('.').length > 1)).toEqual([]);
});

test('S3: a home reached through a link, or with "..", is the same home, whose link stays', async () => {
  const [home, id] = [tempDirectory(), newBoxId()];
  const other = join(tempDirectory(), 'link');
  symlinkSync(home, other);
  const sockets = boxSockets(home, id);
  await sockets.ensure();
  const before = lstatSync(sockets.linkPath).ino;
  for (const same of [other, `${home}/boxes/..`, `${other}/./`]) await new BoxSockets(same, id).ensure();
  expect(lstatSync(sockets.linkPath).ino).toBe(before);
  expect(readlinkSync(sockets.linkPath)).toBe(sockets.directory);
});

test('S5: what a cleaner of /tmp took is healed, be it the link or the directory behind it', async () => {
  const sockets = boxSockets();
  await sockets.ensure();
  unlinkSync(sockets.linkPath);
  await sockets.ensure();
  expect(leads(sockets)).toBe(true);
  rmSync(sockets.directory, { recursive: true });
  await sockets.ensure();
  expect(leads(sockets)).toBe(true);
});

test('S5: 20 programs at once all succeed, and make one link', async () => {
  const sockets = boxSockets();
  const home = dirname(dirname(dirname(sockets.directory)));
  const script = `
    const { BoxSockets } = lib('ownership/sockets');
    const sockets = new BoxSockets(process.argv[1], process.argv[2]);
    for (let round = 0; round < 20; round++) {
      if (round % 5 === 4) await sockets.remove();
      await sockets.ensure();
    }
    console.log('ok');`;
  const runs = Array.from({ length: 20 }, () => runProgram(script, home, sockets.linkPath.slice(parent.length + 1)));
  expect(new Set(await Promise.all(runs))).toEqual(new Set(['ok\n']));
  expect(leads(sockets)).toBe(true);
  expect(
    readdirSync(parent).filter((name) => name.startsWith(`${sockets.linkPath.slice(parent.length + 1)}.`)),
  ).toEqual([]);
}, 60_000);

test('S5: healing makes the link of a box that is there, and nothing of one that was removed', async () => {
  const sockets = boxSockets();
  expect(await sockets.heal()).toBe(false);
  expect([existsSync(sockets.directory), existsSync(sockets.linkPath)]).toEqual([false, false]);
  await sockets.ensure();
  unlinkSync(sockets.linkPath);
  expect(await sockets.heal()).toBe(true);
  expect(leads(sockets)).toBe(true);
  rmSync(sockets.directory, { recursive: true });
  await sockets.remove();
  expect(await sockets.heal()).toBe(false);
  expect(lstatSync(sockets.linkPath, { throwIfNoEntry: false })).toBeUndefined();
});

test('S6: remove takes the link and nothing else, again and again', async () => {
  const sockets = boxSockets();
  await sockets.remove();
  await sockets.ensure();
  await sockets.remove();
  await sockets.remove();
  expect([existsSync(sockets.linkPath), existsSync(sockets.directory)]).toEqual([false, true]);
});

test('S6: remove takes a link that leads nowhere any more, and leaves one that leads to another home', async () => {
  const [one, id] = [tempDirectory(), newBoxId()];
  const sockets = boxSockets(one, id);
  await sockets.ensure();
  await new BoxSockets(tempDirectory(), id).remove();
  expect(leads(sockets)).toBe(true);
  rmSync(sockets.directory, { recursive: true });
  await sockets.remove();
  expect(() => lstatSync(sockets.linkPath)).toThrow('ENOENT');
});

test('S6: sweeping takes the links of that home that lead nowhere, and no others', async () => {
  const [home, otherHome] = [tempDirectory(), tempDirectory()];
  const [live, stale, foreign, halfMade] = [
    boxSockets(home),
    boxSockets(home),
    boxSockets(otherHome),
    boxSockets(home),
  ];
  for (const sockets of [live, stale, foreign, halfMade]) await sockets.ensure();
  for (const sockets of [stale, foreign, halfMade]) rmSync(dirname(sockets.directory), { recursive: true });
  unlinkSync(halfMade.linkPath);
  symlinkSync(halfMade.directory, `${halfMade.linkPath}.4711.abc`);
  const strange = join(parent, newBoxId());
  symlinkSync('/nowhere/else', strange);
  onCleanUp(() => rmSync(strange, { force: true }));

  const swept = await BoxSockets.sweepStale(`${home}/boxes/..`);
  expect(swept.sort()).toEqual([stale.linkPath, `${halfMade.linkPath}.4711.abc`].sort());
  expect(leads(live)).toBe(true);
  for (const path of [foreign.linkPath, strange]) expect(lstatSync(path).isSymbolicLink()).toBe(true);
});

test('S9: a home reached through a link is allowed under both its names', () => {
  const home = tempDirectory();
  const link = join(tempDirectory(), 'link');
  symlinkSync(home, link);
  const sockets = boxSockets(link, newBoxId());
  const id = sockets.linkPath.slice(parent.length + 1);
  expect(sockets.policyPaths().write).toEqual([`${link}/boxes/${id}/sockets`, `${home}/boxes/${id}/sockets`]);
});
