import { accessSync, constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { native } from '../../../lib/native/load';

test('the probe says in words whether KVM runs a long-mode guest, within its 3 s, and leaves nothing open', async () => {
  const began = performance.now();
  const { ok, detail } = await native().probeKvm();
  expect(performance.now() - began).toBeLessThan(4_000);
  expect(detail).toMatch(ok ? /^KVM ran a guest in long mode$/ : /^(\/dev\/kvm|KVM_\w+|mmap.*): .+/);
  expect(openOfKvm()).toEqual([]);
  expect(readFileSync('/proc/self/maps', 'utf8')).not.toContain('kvm-vcpu');
});

test('a machine whose /dev/kvm cannot be opened is told so', async () => {
  const { ok, detail } = await native().probeKvm();
  const openable = canOpen('/dev/kvm');
  expect({ ok: ok && !openable, blamesOpening: detail.startsWith('/dev/kvm: ') }).toEqual({
    ok: false,
    blamesOpening: !openable,
  });
});

test('probes at the same time do not disturb each other', async () => {
  const [first, ...others] = await Promise.all(Array.from({ length: 4 }, () => native().probeKvm()));
  for (const other of others) expect(other).toEqual(first);
});

/** Of this process, other threads of which open and close files of their own. */
function openOfKvm(): string[] {
  return readdirSync('/proc/self/fd')
    .map(target)
    .filter((path) => path.includes('kvm'));
}

function target(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // the descriptor of the listing itself
  }
}

function canOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
