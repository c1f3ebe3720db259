import { failed, skipped } from './outcomes.mjs';
import { runCpp } from './suites/cpp.mjs';
import { runGo } from './suites/go.mjs';
import { runJest } from './suites/jest.mjs';
import { runKrunHere, runKrunInLab } from './suites/krun.mjs';
import { runLint } from './suites/lint.mjs';
import { runScripts } from './suites/scripts.mjs';

const VM_MS = 900_000;

/** The suites in the order in which they are run. `isLab` ones run in a lab host, as root. */
export function suites(kvm) {
  return [
    { id: 'lint', run: runLint },
    { id: 'scripts', run: runScripts },
    { id: 'cpp', run: runCpp },
    { id: 'go', run: runGo },
    { id: 'unit', run: (context) => runJest('unit', context) },
    { id: 'native', run: (context) => runJest('native', context) },
    { id: 'package', run: (context) => runJest('package', context) },
    { id: 'vm-qemu', engine: 'qemu', run: runQemu },
    { id: 'vm-krun', engine: 'krun', isLab: !kvm.ok, run: kvm.ok ? runKrunHere : inLab },
  ];
}

function runQemu({ onLine }) {
  const env = { BOXLITE_TEST_ENGINE: 'qemu' };
  return runJest('vm', { name: 'vm-qemu', env, onLine, timeoutMs: VM_MS });
}

async function inLab(context) {
  if (!process.env.BOXLITE_SKIP_LAB) return runKrunInLab(context);
  if (process.env.CI === 'true') return [failed('the lab is there', 'BOXLITE_SKIP_LAB is set, and CI is true.')];
  return [skipped('all tests on krun: BOXLITE_SKIP_LAB is set')];
}

/** The ids in a list such as `unit,vm`, where `vm` is all that begins with it; all ids without a list. */
export function choose(list) {
  const all = suites({ ok: false }).map(({ id }) => id);
  const names = list?.split(',') ?? all;
  const isOf = (id, name) => id === name || id.startsWith(`${name}-`);
  const unknown = names.find((name) => !all.some((id) => isOf(id, name)));
  if (unknown !== undefined) throw new Error(`there is no suite '${unknown}'; the suites are ${all.join(', ')}`);
  return all.filter((id) => names.some((name) => isOf(id, name)));
}
