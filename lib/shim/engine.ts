import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { BoxliteError } from '../errors';
import { native, nativeFile } from '../native/load';
import type { Store } from '../store/open';
import type { EngineName } from '../types';
import type { Programs } from './settings';

/** What an engine needs of its host, and how long its boxes may take to boot. */
export interface Engine {
  readonly name: EngineName;
  readonly bootTimeoutMs: number;
  programs(): Programs;
}

export interface KvmVerdict {
  ok: boolean;
  detail: string;
}

const noPrograms = { vmm: '', libkrun: '', libkrunfw: '', qemu: '', kernel: '', netd: '' };

const krun: Engine = {
  name: 'krun',
  bootTimeoutMs: 60_000,
  programs: () => ({
    ...noPrograms,
    vmm: nativeFile('boxlite-vmm'),
    libkrun: nativeFile('libkrun.so.1'),
    libkrunfw: nativeFile('libkrunfw.so.5'),
  }),
};

const qemu: Engine = {
  name: 'qemu',
  bootTimeoutMs: 180_000,
  programs: () => ({ ...noPrograms, qemu: findQemu() ?? '', kernel: nativeFile('vmlinux.krun') }),
};

/** The engine that was asked for, or with 'auto' the best that this machine can run. Rejects with 'no-hypervisor'. */
export async function chooseEngine(wanted: 'auto' | EngineName, store: Store): Promise<Engine> {
  if (wanted === 'qemu') return requireQemu();
  const verdict = await kvmVerdict(store);
  if (verdict.ok) return krun;
  if (wanted === 'auto' && findQemu()) return qemu;
  throw new BoxliteError('no-hypervisor', `The krun engine cannot run here: ${verdict.detail}`, {
    hint:
      wanted === 'auto'
        ? 'Give this machine a working /dev/kvm, or install qemu-system-x86 for the slower qemu engine.'
        : "Give this machine a working /dev/kvm, or use engine 'auto' or 'qemu'.",
  });
}

function requireQemu(): Engine {
  if (findQemu()) return qemu;
  throw new BoxliteError('no-hypervisor', 'The qemu engine cannot run here: no qemu-system-x86_64 in PATH', {
    hint: 'Install it: apt-get install qemu-system-x86',
  });
}

/** The absolute path of QEMU, or null. */
export function findQemu(): string | null {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, 'qemu-system-x86_64');
    try {
      if (!directory.startsWith('/')) continue;
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // the next one
    }
  }
  return null;
}

/** Whether KVM really runs a guest here: probed once per boot of this machine, and remembered in the home. */
export async function kvmVerdict(store: Store): Promise<KvmVerdict> {
  const known = await store.getMeta(await verdictKey());
  return known === null ? probeKvm(store) : (JSON.parse(known) as KvmVerdict);
}

/** Probes anew, and remembers it. */
export async function probeKvm(store: Store | null): Promise<KvmVerdict> {
  const verdict = await native().probeKvm();
  await store?.setMeta(await verdictKey(), JSON.stringify(verdict));
  return verdict;
}

/** A boot of the machine, and whether this process may open /dev/kvm: a permission can be repaired without a reboot. */
async function verdictKey(): Promise<string> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return `kvm-verdict:${bootId}:${canOpenKvm() ? 'open' : 'closed'}`;
}

function canOpenKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
