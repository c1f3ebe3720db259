import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cgroupPids,
  cgroupSupport,
  createBoxCgroup,
  isBoxPopulated,
  killCgroup,
  removeBoxCgroup,
  sweepCgroups,
} from '../../../lib/ownership/cgroup';
import { ShimReaper } from '../../../lib/ownership/reaper';
import { newBoxId } from '../../../lib/util/id';
import { cleanUp, ownChild, runProgram, until } from '../support';

const { base, controllers } = cgroupSupport();
const made: string[] = [];
let reaper: ShimReaper;

beforeEach(() => {
  reaper = new ShimReaper();
});
afterEach(async () => {
  reaper[Symbol.dispose]();
  cleanUp();
  for (const id of made.splice(0)) await removeBoxCgroup(id);
});

function boxCgroup(limits = {}): { id: string; path: string | null } {
  const id = newBoxId();
  made.push(id);
  return { id, path: createBoxCgroup(id, limits) };
}

function member(path: string) {
  const { pid, pidfd } = ownChild('read _', [], path);
  return reaper.register(pid, pidfd);
}

test('K1: killing an unknown, an unsafe or an empty cgroup is false and never throws', () => {
  const { id } = boxCgroup();
  for (const name of [newBoxId(), id, '', '..', '../..', 'a/b']) expect(killCgroup(name)).toBe(false);
});

// One of the two runs; the name says which, so that nothing is skipped silently.
if (base === null) {
  test('K8: this user can make no cgroup here: nothing is made, and everything says so without an error', async () => {
    const { id, path } = boxCgroup({ memoryMaxBytes: 1 });
    expect([path, killCgroup(id), cgroupPids(id), isBoxPopulated(id)]).toEqual([null, false, [], false]);
    expect(await removeBoxCgroup(id)).toBe(false);
    expect(await sweepCgroups(() => false)).toEqual([]);
  });
} else {
  test('K1: a cgroup is killed with all in it, once; the second time it is empty', async () => {
    const { id, path } = boxCgroup();
    const members = [member(String(path)), member(String(path))];
    expect(cgroupPids(id).sort()).toEqual(members.map(({ pid }) => pid).sort());
    expect(killCgroup(id)).toBe(true);
    await until('all have ended', () => reaper.size === 0);
    for (const { exited } of members) expect(await exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect([killCgroup(id), isBoxPopulated(id)]).toEqual([false, false]);
  });

  test('K3: a child starts in the cgroup, and so is everything that it starts', async () => {
    const { id, path } = boxCgroup();
    const child = member(String(path));
    expect(readFileSync(`/proc/${child.pid}/cgroup`, 'utf8')).toContain(`0::/`);
    expect(readFileSync(`/proc/${child.pid}/cgroup`, 'utf8')).toMatch(new RegExp(`^0::.*/${id}$`, 'm'));
    killCgroup(id);
    await child.exited;
  });

  test('K1: another program of the user finds the same cgroup by the id alone', async () => {
    const { id, path } = boxCgroup();
    const child = member(String(path));
    expect(await runProgram(`console.log(lib('ownership/cgroup').killCgroup(process.argv[1]));`, id)).toBe('true\n');
    await until('it has ended', () => reaper.size === 0);
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('K4: a populated cgroup stays, an empty one goes, with what is below it', async () => {
    const { id, path } = boxCgroup();
    const child = member(String(path));
    expect(await removeBoxCgroup(id)).toBe(false);
    killCgroup(id);
    await child.exited;
    expect(await removeBoxCgroup(id)).toBe(true);
    expect(existsSync(String(path))).toBe(false);
    expect(await removeBoxCgroup(id)).toBe(false);
  });

  test('K4: sweeping takes the empty ones that nobody knows, and leaves the rest', async () => {
    const [known, empty, populated] = [boxCgroup(), boxCgroup(), boxCgroup()];
    const child = member(String(populated.path));
    // Others' boxes may run on this machine: only these three are anybody's business here.
    const ids = [known.id, empty.id, populated.id];
    expect(await sweepCgroups((id) => id === known.id || !ids.includes(id))).toEqual([empty.id]);
    expect([known, empty, populated].map(({ path }) => existsSync(String(path)))).toEqual([true, false, true]);
    killCgroup(populated.id);
    await child.exited;
  });

  test('making one twice gives the same one', () => {
    const { id, path } = boxCgroup();
    expect(createBoxCgroup(id)).toBe(path);
  });

  test(`limits are kept where their controller is there, here: ${controllers.join(' ') || 'none'}`, () => {
    const { path } = boxCgroup({ memoryMaxBytes: 268_435_456, pidsMax: 64, cpus: 1.5 });
    const kept = {
      memory: ['memory.max', '268435456\n'],
      pids: ['pids.max', '64\n'],
      cpu: ['cpu.max', '150000 100000\n'],
    };
    const seen = Object.values(kept).map(([file]) => readOrNull(join(String(path), String(file))));
    const expected = Object.entries(kept).map(([name, [, text]]) => (controllers.includes(name) ? text : null));
    expect(seen).toEqual(expected);
  });
}

function readOrNull(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
