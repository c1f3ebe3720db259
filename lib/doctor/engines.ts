import { nativeFile } from '../native/load';
import { findQemu, type KvmVerdict, probeKvm } from '../shim/engine';
import type { Store } from '../store/open';
import type { EngineName } from '../types';
import type { Check, EngineFindings } from './doctor';

/** KVM, QEMU and the files of both engines; the engine is what a box would get here. */
export async function engineChecks(store: Store | null, wanted: 'auto' | EngineName): Promise<EngineFindings> {
  const files = [fileCheck('libkrun', 'libkrun.so.1'), fileCheck('libkrunfw', 'libkrunfw.so.5')];
  const natives = files.every(({ status }) => status === 'ok');
  const kvm: KvmVerdict = natives
    ? await probeKvm(store)
    : { ok: false, detail: 'not probed: the native files are missing' };
  const qemu = findQemu();
  const engine = choose(wanted, kvm.ok && natives, qemu !== null);
  const checks = [kvmCheck(kvm, qemu !== null), qemuCheck(qemu, kvm.ok), ...files, engineCheck(engine, wanted)];
  return { engine, checks };
}

/** The rule of chooseEngine, over facts. */
export function choose(wanted: 'auto' | EngineName, krunRuns: boolean, qemuRuns: boolean): EngineName | null {
  if (wanted !== 'qemu' && krunRuns) return 'krun';
  if (wanted !== 'krun' && qemuRuns) return 'qemu';
  return null;
}

function kvmCheck({ ok, detail }: KvmVerdict, hasOther: boolean): Check {
  if (ok) return { id: 'kvm', status: 'ok', detail };
  return {
    id: 'kvm',
    status: hasOther ? 'warn' : 'fail',
    detail,
    fix: 'Use a machine with hardware virtualization, load kvm_intel or kvm_amd, and let this user read and write /dev/kvm (group kvm).',
  };
}

function qemuCheck(path: string | null, hasOther: boolean): Check {
  if (path) return { id: 'qemu', status: 'ok', detail: path };
  const fix = 'apt-get install qemu-system-x86';
  return { id: 'qemu', status: hasOther ? 'warn' : 'fail', detail: 'no qemu-system-x86_64 in PATH', fix };
}

function fileCheck(id: string, name: string): Check {
  try {
    return { id, status: 'ok', detail: nativeFile(name) };
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return { id, status: 'fail', detail: message, ...(hint === undefined ? {} : { fix: hint }) };
  }
}

function engineCheck(engine: EngineName | null, wanted: string): Check {
  if (engine === 'krun') return { id: 'engine', status: 'ok', detail: 'krun: libkrun under KVM' };
  if (engine === 'qemu')
    return { id: 'engine', status: 'ok', detail: 'qemu: software emulation, 10 to 30 times slower than KVM' };
  return {
    id: 'engine',
    status: 'fail',
    detail: `no engine can run here (asked for: ${wanted})`,
    fix: 'See the checks of kvm and qemu.',
  };
}
