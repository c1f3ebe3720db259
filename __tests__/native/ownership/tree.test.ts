import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupPids, createBoxCgroup, removeBoxCgroup } from '../../../lib/ownership/cgroup';
import { readIdentity } from '../../../lib/ownership/identity';
import { findBoxProcesses } from '../../../lib/ownership/probe';
import { ShimReaper } from '../../../lib/ownership/reaper';
import { killBoxTree } from '../../../lib/ownership/tree';
import { newBoxId } from '../../../lib/util/id';
import {
  boxProcess,
  cleanUp,
  openFds,
  ownChild,
  runProgram,
  startProgram,
  stateOf,
  stranger,
  tempDirectory,
  until,
} from '../support';

let reaper: ShimReaper;
beforeEach(() => {
  reaper = new ShimReaper();
});
afterEach(() => {
  reaper[Symbol.dispose]();
  cleanUp();
});

test('K2: every process of the box is killed, and its neighbours live', async () => {
  const id = newBoxId();
  const ours = await Promise.all([boxProcess(id, 'boxlite-shim'), boxProcess(id), boxProcess(id, 'boxlite-netd')]);
  const neighbours = await Promise.all([boxProcess(`${id}0`), boxProcess(`x${id}`), boxProcess(newBoxId())]);
  expect(await killBoxTree(id)).toEqual({ killed: 3, byCgroup: false });
  expect(findBoxProcesses(id)).toEqual([]);
  expect(ours.map(({ pid }) => readIdentity(pid))).toEqual([null, null, null]);
  expect(neighbours.filter(({ pid }) => readIdentity(pid) === null)).toEqual([]);
});

test('K2: a stranger that only has the id among its arguments is found, and lives on', async () => {
  const id = newBoxId();
  const strangers = await Promise.all([stranger(id), stranger('-f', id)]);
  const ours = await boxProcess(id);
  expect(findBoxProcesses(id)).toHaveLength(3);
  expect(await killBoxTree(id)).toEqual({ killed: 1, byCgroup: false });
  expect(readIdentity(ours.pid)).toBeNull();
  expect(strangers.filter(({ pid }) => readIdentity(pid) === null)).toEqual([]);
});

test('K2: what a program of the box started is killed with it, whatever its name', async () => {
  const id = newBoxId();
  const child = ownChild('exec 3<&0; /bin/sh -c "read _ <&3; :" helper $1 & wait', ['-', id]);
  reaper.register(child.pid, child.pidfd);
  await until('both are found', () => findBoxProcesses(id).length === 2);
  expect((await killBoxTree(id)).killed).toBe(2);
});

test('K2: a box of which nothing is left resolves with 0', async () => {
  expect(await killBoxTree(newBoxId())).toEqual({ killed: 0, byCgroup: false });
});

test('K2: processes that stop signals, or are stopped, die too', async () => {
  const id = newBoxId();
  const child = ownChild('trap "" TERM INT HUP; kill -STOP $$', [id]);
  reaper.register(child.pid, child.pidfd);
  expect((await killBoxTree(id)).killed).toBe(1);
  expect(findBoxProcesses(id)).toEqual([]);
});

test('K2: what starts more of itself while it is killed is killed to the last', async () => {
  const id = newBoxId();
  // Each generation starts the next before it ends, 50 times.
  const program = join(tempDirectory(), 'boxlite-vmm');
  symlinkSync('/bin/sh', program);
  const script = '[ $2 -eq 0 ] || { "$3" -c "$0" "$0" "$1" $(($2 - 1)) "$3" & sleep 0.01; }';
  const child = ownChild(script, [script, id, '50', program]);
  reaper.register(child.pid, child.pidfd);
  await killBoxTree(id);
  expect(findBoxProcesses(id)).toEqual([]);
});

test('K2: two programs may kill the same box at once, though its id is an argument of one of them', async () => {
  const id = newBoxId();
  await Promise.all([boxProcess(id), boxProcess(id)]);
  const program = await startProgram(
    `lib('native/load').native();
     console.log('up');
     await new Promise((resolve) => process.stdin.once('data', resolve));
     console.log((await lib('ownership/tree').killBoxTree(process.argv[1])).killed);
     process.stdin.destroy();`,
    id,
  );
  const there = once(program.stdout, 'data');
  program.stdin.write('go');
  const here = await killBoxTree(id);
  expect([here.killed, Number(await there)].every((killed) => killed <= 2)).toBe(true);
  expect(await once(program, 'exit')).toEqual([0, null]);
  expect(findBoxProcesses(id)).toEqual([]);
});

test('I3: the program that kills is never one of the box, nor are its ancestors, though their arguments name it', async () => {
  const id = newBoxId();
  await boxProcess(id);
  // The id is an argument of that program itself.
  const script = `console.log((await lib('ownership/tree').killBoxTree(process.argv[1])).killed);`;
  expect(await runProgram(script, id)).toBe('1\n');
});

test('K2: an aborted call kills nothing, and a call keeps its program alive until it is done', async () => {
  const id = newBoxId();
  const child = await boxProcess(id);
  await expect(killBoxTree(id, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  expect(stateOf(child.pid)).toBeDefined();
  const exited = once(child, 'exit');
  expect(await killBoxTree(id, { timeoutMs: 10_000 })).toMatchObject({ killed: 1 });
  expect(await exited).toEqual([null, 'SIGKILL']);
});

test('K2: 20 boxes killed leave no descriptor behind', async () => {
  const before = openFds();
  for (let round = 0; round < 20; round++) {
    const id = newBoxId();
    const child = ownChild('read _', [id]);
    const { exited } = reaper.register(child.pid, child.pidfd);
    await killBoxTree(id);
    expect(await exited).toEqual({ code: null, signal: 'SIGKILL' });
    cleanUp();
  }
  await until('the descriptors are back', () => openFds() <= before);
});

test('K1: processes that name no box, but are in its cgroup, die with it', async () => {
  const id = newBoxId();
  const cgroup = createBoxCgroup(id);
  // Where this user can make no cgroup, the argument scan alone is what there is.
  const child = cgroup ? ownChild('sleep 1000 & sleep 1000 & wait', [], cgroup) : ownChild('read _', [id]);
  reaper.register(child.pid, child.pidfd);
  if (cgroup) expect(cgroupPids(id)).toContain(child.pid);
  const { killed, byCgroup } = await killBoxTree(id);
  expect(byCgroup).toBe(cgroup !== null);
  expect(killed).toBeGreaterThan(0);
  expect(cgroupPids(id)).toEqual([]);
  expect(await removeBoxCgroup(id)).toBe(cgroup !== null);
});
