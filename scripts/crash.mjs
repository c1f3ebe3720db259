#!/usr/bin/env node
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBusyboxImage } from './images/busybox.mjs';
import { out } from './setup/paths.mjs';
import { setup } from './setup.mjs';
import { probeKvm } from './test/kvm.mjs';
import { report } from './test/report.mjs';
import { runSuite } from './test/run-suite.mjs';
import { runCrashHere, runCrashInLab } from './test/suites/crash.mjs';

/** Each test file, and how much of it its own command does unless told otherwise. */
const TESTS = {
  matrix: { cells: 'all' },
  storm: { rounds: '300' },
  residents: { seconds: '60' },
};
const HOURS_MS = 4 * 3_600_000;

const { test, values } = readArguments();
await setup({ for: 'test' });
await makeBusyboxImage(join(out, 'images/busybox'));
const { engine } = values;
const isLab = engine === 'krun' && !probeKvm().ok;
const env = { BOXLITE_TEST_ENGINE: engine, ...environment() };
const what = { only: [`__tests__/crash/${test}.test.ts`], env, timeoutMs: HOURS_MS };
const run = (context) => (isLab ? runCrashInLab : runCrashHere)({ ...context, ...what });
const result = await runSuite({ id: test, engine, isLab, run });
console.log(report([result]));
process.exitCode = Number(result.failed > 0);

/** The tests read what they are to do from their environment; a seed makes a run again. */
function environment() {
  const settings = { ...TESTS[test], ...values };
  const names = Object.keys(settings).filter((name) => name !== 'engine');
  return Object.fromEntries(names.map((name) => [`BOXLITE_CRASH_${name.toUpperCase()}`, settings[name]]));
}

function readArguments() {
  const options = { engine: { type: 'string', default: 'qemu' }, seed: { type: 'string' } };
  for (const name of ['cells', 'parts', 'rounds', 'seconds']) options[name] = { type: 'string' };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [test] = positionals;
    if (positionals.length === 1 && test in TESTS && ['qemu', 'krun'].includes(values.engine)) return { test, values };
  } catch {}
  console.error('usage: node scripts/crash.mjs matrix|storm|residents [--engine qemu|krun] [--seed N] [--cells N|all]');
  console.error('       [--parts client,shim,…] [--rounds N] [--seconds N]');
  process.exit(2);
}
