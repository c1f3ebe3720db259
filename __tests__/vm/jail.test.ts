import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Box } from '../../lib/index';
import { findBoxProcesses } from '../../lib/ownership';
import { createdBox, engine, homeOf, tempRuntime } from '../helpers/runtimes';

describe(`the machine of a box on ${engine}`, () => {
  let pid: number;
  let status: string;
  let log: string;

  beforeAll(async () => {
    const runtime = tempRuntime();
    const box: Box = await createdBox(runtime);
    log = readFileSync(join(homeOf(runtime), 'boxes', box.id, 'vmm.log'), 'utf8');
    pid = machineOf(box.id);
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

function machineOf(boxId: string): number {
  const programs = ['boxlite-vmm', 'qemu-system-x86_64'];
  const machine = findBoxProcesses(boxId).find(({ argv }) => programs.includes(basename(argv[0] ?? '')));
  return machine?.pid ?? -1;
}
