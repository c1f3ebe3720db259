import { runJest } from './jest.mjs';
import { runJestInLab } from './lab.mjs';

const HERE_MS = 900_000;
const LAB_MS = 2_400_000;

/** The tests that kill parts of boxes on purpose, on this machine; `engine` and what the tests read are in `env`. */
export function runCrashHere({ env, onLine }) {
  return runJest('crash', { name: `crash-${env.BOXLITE_TEST_ENGINE}`, env, timeoutMs: HERE_MS, onLine });
}

/** The same in a lab host. */
export function runCrashInLab({ env, onLine, signal }) {
  return runJestInLab('crash', { name: `crash-${env.BOXLITE_TEST_ENGINE}`, env, timeoutMs: LAB_MS, onLine, signal });
}
