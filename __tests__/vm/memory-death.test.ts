import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box } from '../../lib/index';
import { findBoxProcesses } from '../../lib/ownership/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

const mib = 1024 * 1024;
const undo: (() => void)[] = [];
afterAll(() => {
  for (const step of undo.reverse()) step();
});

type Squeeze = (box: Box) => void;
const { how, squeeze } = findSqueeze();

// One of the two runs; the name says which, so that nothing is skipped silently.
if (squeeze) {
  test(`a box on ${engine} whose machine the kernel ends for memory (by ${how}) has failed as oom, and starts again`, async () => {
    const runtime = tempRuntime();
    const box = await createdBox(runtime, { memoryMiB: 512 });
    squeeze(box);
    const inFlight = box.exec('dd if=/dev/zero of=/dev/shm/fill bs=1M count=400; sleep 1000');
    await expect(inFlight).rejects.toMatchObject({ code: 'box-died', box: box.id });
    expect(await box.exited).toMatchObject({ reason: 'oom', signal: 'SIGKILL' });
    expect((await box.info()).state).toBe('failed');
    expect(findBoxProcesses(box.id)).toEqual([]);
    expect((await (await runtime.start(box)).exec(['true'])).ok).toBe(true);
    await box.remove({ force: true });
  });
} else {
  test(`no machine can be ended for memory here: ${how}`, () => {
    expect(findSqueeze().squeeze).toBeNull();
  });
}

/** How a test may give a machine too little memory on this host. */
function findSqueeze(): { how: string; squeeze: Squeeze | null } {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const pointOf = (line: string | undefined) => line?.split(' ')[4] ?? '';
  const unified = pointOf(mounts.find((line) => line.includes(' - cgroup2 ')));
  if (existsSync(join(unified, 'cgroup.controllers'))) {
    const controllers = readFileSync(join(unified, 'cgroup.controllers'), 'utf8').trim().split(' ');
    if (controllers.includes('memory') && isRoot()) return { how: "the limit of the box's cgroup", squeeze: byUnified };
  }
  const legacy = pointOf(mounts.find((line) => / - cgroup .*\bmemory\b/.test(line)));
  if (legacy !== '' && isRoot())
    return { how: 'a memory cgroup of version 1', squeeze: (box) => byLegacy(legacy, box) };
  return { how: 'this user has no memory cgroup', squeeze: null };
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

function byUnified(box: Box): void {
  const path = cgroupOf(machineOf(box));
  const now = Number(readFileSync(join(path, 'memory.current'), 'utf8'));
  writeFileSync(join(path, 'memory.max'), String(now + 64 * mib));
}

function byLegacy(point: string, box: Box): void {
  const own = /^\d+:[^:]*\bmemory\b[^:]*:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  const path = join(existsSync(join(point, own)) ? join(point, own) : point, `boxlite-test-${box.id}`);
  mkdirSync(path);
  undo.push(() => rmdirSync(path));
  writeFileSync(join(path, 'memory.limit_in_bytes'), String(64 * mib));
  for (const thread of readdirSync(`/proc/${machineOf(box)}/task`)) writeFileSync(join(path, 'tasks'), thread);
}

function machineOf(box: Box): number {
  const machine = findBoxProcesses(box.id).find(({ argv }) => !argv[0]?.endsWith('/boxlite-shim'));
  if (!machine) throw new Error('no machine');
  return machine.pid;
}

function cgroupOf(pid: number): string {
  const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';
  const point = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((line) => line.includes(' - cgroup2 '));
  return join(point?.split(' ')[4] ?? '', path);
}
