import { runJest } from './jest.mjs';
import { runJestInLab } from './lab.mjs';

const TIMEOUT_MS = 2_400_000;
const NAME = 'vm-krun';
const ENGINE = { BOXLITE_TEST_ENGINE: 'krun' };

/** The tests with real boxes, on libkrun under this machine's own KVM. */
export function runKrunHere({ onLine }) {
  return runJest('vm', { name: NAME, env: ENGINE, onLine, timeoutMs: TIMEOUT_MS });
}

/** The same in a lab host. */
export function runKrunInLab(context) {
  return runJestInLab('vm', { name: NAME, env: ENGINE, timeoutMs: TIMEOUT_MS, ...context });
}
