import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import type { Box } from '../../lib/index';
import { findBoxProcesses } from '../../lib/ownership';
import { createdBox, engine, homeOf, tempRuntime } from '../helpers/runtimes';

describe(`the machine of a box on ${engine}`, () => {
  let pid: number;
  let shim: number;
  let status: string;
  let log: string;

  beforeAll(async () => {
    const runtime = tempRuntime();
    const box: Box = await createdBox(runtime);
    log = readFileSync(join(homeOf(runtime), 'boxes', box.id, 'vmm.log'), 'utf8');
    pid = pidOf(box.id, 'boxlite-vmm', 'qemu-system-x86_64');
    shim = pidOf(box.id, 'boxlite-shim');
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  });

  test('has no capabilities, can gain none, and is under a seccomp filter', () => {
    expect(field('CapEff')).toMatch(/^0+$/);
    expect(field('CapPrm')).toMatch(/^0+$/);
    expect(field('NoNewPrivs')).toBe('1');
    expect(field('Seccomp')).toBe('2');
  });

  test('goes without no part of its jail', () => {
    expect(log).not.toContain('the jail goes without');
  });

  test('is scheduled as any process where there are several processors, and its shim as a batch process', () => {
    const [other, batch] = [0, 3];
    const expected = availableParallelism() === 1 ? batch : other;
    expect([schedulingPolicyOf(pid), schedulingPolicyOf(shim)]).toEqual([expected, batch]);
  });

  // QEMU's own sandbox has neither; and what cannot be dumped is seen by root alone: proc_pid_root(5).
  if (engine === 'krun' && process.geteuid?.() === 0) {
    test('sees nothing of the host but /dev/kvm, its channel and its own descriptors', () => {
      expect(readdirSync(`/proc/${pid}/root`).sort()).toEqual(['agent', 'dev', 'fd']);
      expect(readdirSync(`/proc/${pid}/root/dev`)).toEqual(['kvm']);
    });

    test.each(['mnt', 'net', 'ipc', 'uts'])('has a namespace of its own: %s', (name) => {
      expect(readlinkSync(`/proc/${pid}/ns/${name}`)).not.toBe(readlinkSync(`/proc/self/ns/${name}`));
    });
  }

  function field(name: string): string {
    return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  }
});

function pidOf(boxId: string, ...programs: string[]): number {
  return findBoxProcesses(boxId).find(({ argv }) => programs.includes(basename(argv[0] ?? '')))?.pid ?? -1;
}

/** proc_pid_stat(5), 41: sched(7)'s number of it. The name in the second field may hold spaces. */
function schedulingPolicyOf(pid: number): number {
  const behindName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? '';
  return Number(behindName.split(' ')[41 - 3]);
}
