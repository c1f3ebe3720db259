import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { native } from '../../../lib/native/load';
import { type BoxFacts, decideRecovery } from '../../../lib/ownership/decide';
import { isSameProcess, type ProcessIdentity, readIdentity } from '../../../lib/ownership/identity';
import { readPidFile } from '../../../lib/ownership/pid-file';
import { findBoxProcesses, watchProcess } from '../../../lib/ownership/probe';
import { newBoxId } from '../../../lib/util/id';
import { cleanUp, onCleanUp, ownChild, runProgramBehind, stateOf, stranger, tempDirectory, until } from '../support';

afterEach(cleanUp);

test('I4: an identity holds pid, start, boot and argv, and agrees with itself', async () => {
  const child = await stranger('one', 'two words', '');
  const identity = readIdentity(child.pid) as ProcessIdentity;
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  expect(identity).toMatchObject({
    pid: child.pid,
    bootId,
    argv: ['/bin/sh', '-c', 'echo up; read _', 'one', 'two words', ''],
  });
  expect(isSameProcess(identity, readIdentity(child.pid) as ProcessIdentity)).toBe(true);
});

test('I4: identities that differ in any one of the four are not the same process', async () => {
  const one = readIdentity(process.pid) as ProcessIdentity;
  const others = [
    { ...one, pid: one.pid + 1 },
    { ...one, startTicks: one.startTicks + 1n },
    { ...one, bootId: 'another' },
    { ...one, argv: one.argv.slice(1) },
    { ...one, argv: [...one.argv.slice(0, -1), 'x'] },
  ];
  expect(others.map((other) => isSameProcess(one, other))).toEqual(others.map(() => false));
});

test('I4: a number of no process and a zombie are nobody', async () => {
  expect([readIdentity(2 ** 22 + 1), readIdentity(0), readIdentity(-1), readIdentity(1.5)]).toEqual([
    null,
    null,
    null,
    null,
  ]);
  const { pid, pidfd } = ownChild('exit 0', ['some-box']);
  await until('it is a zombie', () => stateOf(pid) === 'Z');
  expect(readIdentity(pid)).toBeNull();
  expect(native().pidfdReap(pidfd)).toEqual({ code: 0, signal: null });
  closeSync(pidfd);
});

test('I4: a program whose name holds parentheses and spaces is read right', async () => {
  const child = fork('-', [], { execArgv: ['-e', "process.title = 'a) R 1 (b'; process.send('up')"], silent: true });
  await once(child, 'message');
  expect(readIdentity(child.pid as number)?.startTicks).toBeGreaterThan(0n);
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('I3: the processes of a box are found by the exact element, and those of its neighbours are not', async () => {
  const id = newBoxId();
  const [child, inTheMiddle] = [await stranger(id), await stranger('-name', id, '-m')];
  await Promise.all([stranger(`${id}0`), stranger(`x${id}`), stranger(`--id=${id}`), stranger(`${id} `)]);
  const found = findBoxProcesses(id).map(({ pid }) => pid);
  expect(found.sort()).toEqual([child.pid, inTheMiddle.pid].sort());
});

test('I3: the program that looks is never one of the box, nor are its ancestors, though their arguments name it', async () => {
  const id = newBoxId();
  const child = await stranger(id);
  // The id is an argument of that program, and of the shell that waits for it.
  const shell = ['/bin/sh', '-c', '"$@"; exit $?', id];
  const script = `console.log(JSON.stringify(lib('ownership/probe').findBoxProcesses(process.argv[1]).map(({ pid }) => pid)));`;
  expect(JSON.parse(await runProgramBehind(shell, script, id))).toEqual([child.pid]);
});

test('I5: looking at a process, in every way there is, leaves it alive and unsignalled', async () => {
  const id = newBoxId();
  const child = await watchful(id);
  const path = join(tempDirectory(), 'shim.pid');
  for (let round = 0; round < 50; round++) {
    const [found] = findBoxProcesses(id);
    expect(found?.pid).toBe(child.pid);
    writeFileSync(path, JSON.stringify({ ...found, startTicks: String(found?.startTicks) }));
    const facts = {
      row: 'running',
      lockHeld: true,
      socket: 'mute',
      exitRecord: false,
      detached: true,
      ownerAlive: false,
    };
    const live = found ? [found] : [];
    expect(decideRecovery({ ...facts, pidFile: readPidFile(path), live } as BoxFacts)).toBe('leave');
    void watchProcess(child.pid, id);
  }
  expect(readIdentity(child.pid)).not.toBeNull();
  expect(readFileSync(`/proc/${child.pid}/status`, 'utf8')).toMatch(/^SigPnd:\t0+\nShdPnd:\t0+$/m);
  child.stdin?.end();
  const [said] = await once(child.stdout as Readable, 'data');
  expect(String(said)).toBe('not signalled\n');
});

test('I1: a child is seen with its arguments as soon as it was started', async () => {
  const ids = Array.from({ length: 100 }, newBoxId);
  const children = ids.map((id) => {
    const child = ownChild('read _', [id]);
    return { ...child, argv: readIdentity(child.pid)?.argv };
  });
  for (const { pidfd } of children) {
    native().pidfdSend(pidfd, 9);
    await until('it was reaped', () => native().pidfdReap(pidfd) !== null);
    closeSync(pidfd);
  }
  expect(children.map(({ argv }) => argv?.at(-1))).toEqual(ids);
});

test('I4: a box of which nothing lives has no processes, though a zombie once named it', async () => {
  const id = newBoxId();
  expect(findBoxProcesses(id)).toEqual([]);
  const { pid, pidfd } = ownChild('exit 0', [id]);
  await until('it is a zombie', () => stateOf(pid) === 'Z');
  expect(findBoxProcesses(id)).toEqual([]);
  native().pidfdReap(pidfd);
  closeSync(pidfd);
});

test('I5: watchProcess resolves when the process ends, and at once for one that is not of the box', async () => {
  const id = newBoxId();
  const child = await stranger(id);
  await watchProcess(child.pid, newBoxId());
  await watchProcess(2 ** 22 + 1, id);
  let ended = false;
  const watch = watchProcess(child.pid, id).then(() => {
    ended = true;
  });
  await new Promise(setImmediate);
  expect(ended).toBe(false);
  child.kill('SIGKILL');
  await watch;
});

/** A stranger that says at its end whether any signal that can be handled came to it. */
async function watchful(...names: string[]) {
  const signals = Object.keys(constants.signals).filter((name) => !/KILL|STOP|CHLD|UNUSED/.test(name));
  const traps = `for name in ${signals.map((name) => name.slice(3)).join(' ')}; do trap "echo $name" $name || :; done`;
  const script = `{ ${traps}; } 2>/dev/null; echo up; read _ || echo not signalled`;
  const child = spawn('/bin/bash', ['-c', script, ...names], { stdio: ['pipe', 'pipe', 'ignore'] });
  onCleanUp(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child as unknown as ChildProcess & { pid: number };
}
