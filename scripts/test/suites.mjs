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

/** The suites of a list such as `unit,vm`, where `vm` is both of them; undefined when there is no such suite. */
export function choose(all, list) {
  const names = list.split(',');
  const matches = (name) => all.filter(({ id }) => id === name || id.startsWith(`${name}-`));
  if (names.some((name) => matches(name).length === 0)) return undefined;
  return all.filter((suite) => names.some((name) => matches(name).includes(suite)));
}
