import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { native } from '../../../lib/native/load';
import { ShimReaper } from '../../../lib/ownership/reaper';
import { scaled } from '../../helpers/speed';
import { cleanUp, openFds, ownChild, runProgram, stateOf, until } from '../support';

let reaper: ShimReaper;
beforeEach(() => {
  reaper = new ShimReaper();
});
afterEach(() => {
  reaper[Symbol.dispose]();
  cleanUp();
});

function registered(script: string) {
  const { pid, pidfd } = ownChild(script);
  return reaper.register(pid, pidfd);
}

test.each([
  ['exit 0', { code: 0, signal: null }],
  ['exit 7', { code: 7, signal: null }],
  ['kill -KILL $$', { code: null, signal: 'SIGKILL' }],
  ['kill -ABRT $$', { code: null, signal: 'SIGABRT' }],
])('P1: a registered child that does "%s" is reaped with its exit', async (script, exit) => {
  const child = registered(script);
  expect(reaper.size).toBe(1);
  expect(await child.exited).toEqual(exit);
  expect(reaper.size).toBe(0);
  expect(stateOf(child.pid)).toBeUndefined();
});

test('P1: the exit of a foreign child reaches its owner, whether Node or the addon started it', async () => {
  const unregistered = ownChild('exit 9');
  const foreign = spawn('/bin/sh', ['-c', 'exit 1'], { stdio: 'ignore' });
  const foreignEnd = once(foreign, 'exit');
  const ours = Array.from({ length: 20 }, () => registered('exit 3'));
  // All have ended before anything here can see it: whoever waits for just any child gets one that is not his.
  for (const { pid = 0 } of [unregistered, foreign, ...ours]) spinUntil(() => stateOf(pid) === 'Z');
  expect(await Promise.all(ours.map(({ exited }) => exited))).toEqual(ours.map(() => ({ code: 3, signal: null })));
  expect(await foreignEnd).toEqual([1, null]);
  expect(native().pidfdReap(unregistered.pidfd)).toEqual({ code: 9, signal: null });
  closeSync(unregistered.pidfd);
});

test('P1: a process that is no child of this one ends with nothing known, and its parent still learns its exit', async () => {
  const init = reaper.register(process.ppid);
  expect(reaper.size).toBe(1);
  init[Symbol.dispose]();
  expect(reaper.size).toBe(1);
  const nobody = reaper.register(2 ** 22 + 1);
  expect(await nobody.exited).toEqual({ code: null, signal: null });
});

test('P2: a handle that is let go by a throw leaves its child registered until it is reaped, then gone', async () => {
  let pid = 0;
  const boot = () => {
    const child = registered('read _');
    try {
      pid = child.pid;
      throw new Error('before ready');
    } finally {
      child[Symbol.dispose]();
    }
  };
  expect(boot).toThrow('before ready');
  expect(reaper.size).toBe(1);
  process.kill(pid, 'SIGKILL');
  await until('it was reaped', () => reaper.size === 0);
  expect(stateOf(pid)).toBeUndefined();
});

test('P2: letting go of a child that has ended reaps it at once', async () => {
  const child = registered('exit 5');
  await until('it is a zombie', () => stateOf(child.pid) === 'Z' || stateOf(child.pid) === undefined);
  child[Symbol.dispose]();
  expect(reaper.size).toBe(0);
  expect(stateOf(child.pid)).toBeUndefined();
  expect(await child.exited).toEqual({ code: 5, signal: null });
});

test('P3: 50 children that fail at once leave no zombie and no descriptor', async () => {
  const before = openFds();
  const children = Array.from({ length: 50 }, (_, n) => registered(`exit ${n}`));
  const exits = await Promise.all(children.map(({ exited }) => exited));
  expect(exits.map(({ code }) => code)).toEqual(children.map((_, n) => n));
  expect(children.map(({ pid }) => stateOf(pid)).filter(Boolean)).toEqual([]);
  cleanUp();
  await until('the descriptors are back', () => openFds() <= before);
});

test('P4: disposing lets go of living children in under 50 ms, settles what is open, and refuses more', async () => {
  const children = Array.from({ length: 100 }, () => registered('read _'));
  const began = performance.now();
  reaper[Symbol.dispose]();
  expect(performance.now() - began).toBeLessThan(50);
  expect(reaper.size).toBe(0);
  const exits = await Promise.all(children.map(({ exited }) => exited));
  expect(new Set(exits.map((exit) => JSON.stringify(exit)))).toEqual(new Set(['{"code":null,"signal":null}']));
  expect(() => reaper.register(1)).toThrow(expect.objectContaining({ code: 'runtime-closed' }));
  await reapAll(children.map(({ pid }) => pid));
});

test('P4: a reaper with a living child does not keep a program from ending', async () => {
  const script = `
    const { ShimReaper } = lib('ownership/reaper');
    const { native } = lib('native/load');
    const [read, write] = native().pipe();
    globalThis.keep = [new ShimReaper(), write];
    const { pid } = native().spawn({ file: '/bin/sh', argv: ['sh', '-c', 'read _'], env: [], fds: [read] });
    globalThis.keep[0].register(pid).exited.then(() => console.log('ended'));
    process.on('exit', () => console.log('bye'));`;
  expect(await runProgram(script)).toBe('bye\n');
});

test('one child registered twice is one child', async () => {
  const { pid, pidfd } = ownChild('exit 4');
  const [one, two] = [reaper.register(pid, pidfd), reaper.register(pid)];
  expect(reaper.size).toBe(1);
  expect(await Promise.all([one.exited, two.exited])).toEqual([
    { code: 4, signal: null },
    { code: 4, signal: null },
  ]);
});

async function reapAll(pids: number[]): Promise<void> {
  for (const pid of pids) {
    const pidfd = native().pidfdOpen(pid) as number;
    native().pidfdSend(pidfd, 9);
    await until(`${pid} was reaped`, () => native().pidfdReap(pidfd) !== null);
    closeSync(pidfd);
  }
}

/** Waits without letting the event loop run. */
function spinUntil(fact: () => boolean): void {
  const endsAt = performance.now() + scaled(10_000);
  while (!fact()) if (performance.now() > endsAt) throw new Error(`Waited in vain: ${fact}`);
}
