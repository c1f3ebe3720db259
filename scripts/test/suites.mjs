import { failed, skipped } from './outcomes.mjs';
import { runCpp } from './suites/cpp.mjs';
import { runCrashHere, runCrashInLab } from './suites/crash.mjs';
import { runGo } from './suites/go.mjs';
import { runJest, testFiles } from './suites/jest.mjs';
import { runKrunHere, runKrunInLab } from './suites/krun.mjs';
import { runLint } from './suites/lint.mjs';
import { runScripts } from './suites/scripts.mjs';
import { canBecomeUser, ordinaryUser } from './user.mjs';

const VM_MS = 900_000;

// Nothing needs root: where root runs the tests, the parts that could need it are run as an ordinary user too.
const userSuites = [
  { id: 'user-native', run: runNativeAsUser },
  { id: 'user-vm', engine: 'qemu', run: runLifecycleAsUser },
  { id: 'user-crash', engine: 'qemu', run: runCrashAsUser },
].map((suite) => ({ ...suite, user: ordinaryUser }));

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
    { id: 'crash-qemu', engine: 'qemu', run: (context) => runCrashHere({ ...context, env: engineOf('qemu') }) },
    ...(canBecomeUser ? userSuites : []),
    { id: 'vm-krun', engine: 'krun', isLab: !kvm.ok, run: kvm.ok ? runKrunHere : inLab(runKrunInLab) },
    { id: 'crash-krun', engine: 'krun', isLab: !kvm.ok, run: crashOnKrun(kvm) },
  ];
}

function runQemu({ onLine }) {
  return runJest('vm', { name: 'vm-qemu', env: engineOf('qemu'), onLine, timeoutMs: VM_MS });
}

function runNativeAsUser({ onLine }) {
  // One reads the sources of the build, whose tools may be root's alone; one measures time, which no user changes.
  const rootAlone = ['socket-names', 'list-boxes'].map((name) => `${name}.test.ts`);
  const only = testFiles('native').filter((file) => !rootAlone.some((name) => file.endsWith(name)));
  return runJest('native', { name: 'user-native', only, asUser: true, onLine });
}

function runLifecycleAsUser({ onLine }) {
  const only = ['lifecycle', 'recovery'].map((file) => `__tests__/vm/${file}.test.ts`);
  return runJest('vm', { name: 'user-vm', env: engineOf('qemu'), only, asUser: true, onLine, timeoutMs: VM_MS });
}

function runCrashAsUser({ onLine }) {
  const env = { ...engineOf('qemu'), BOXLITE_CRASH_CELLS: '10', BOXLITE_CRASH_ROUNDS: '5' };
  return runJest('crash', { name: 'user-crash', env, asUser: true, onLine, timeoutMs: VM_MS });
}

function crashOnKrun(kvm) {
  const run = kvm.ok ? runCrashHere : inLab(runCrashInLab);
  return (context) => run({ ...context, env: engineOf('krun') });
}

function engineOf(name) {
  return { BOXLITE_TEST_ENGINE: name };
}

/** What runs in a lab host, unless there is to be none. */
function inLab(run) {
  return async (context) => {
    if (!process.env.BOXLITE_SKIP_LAB) return run(context);
    if (process.env.CI === 'true') return [failed('the lab is there', 'BOXLITE_SKIP_LAB is set, and CI is true.')];
    return [skipped('all tests on krun: BOXLITE_SKIP_LAB is set')];
  };
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
