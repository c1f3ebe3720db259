#!/usr/bin/env node
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBusyboxImage } from './images/busybox.mjs';
import { out } from './setup/paths.mjs';
import { setup } from './setup.mjs';
import { stopAll } from './test/command.mjs';
import { probeKvm } from './test/kvm.mjs';
import { report } from './test/report.mjs';
import { runSuite } from './test/run-suite.mjs';
import { choose, suites } from './test/suites.mjs';

const { only } = readArguments();
await setup({ for: 'test' });
await makeBusyboxImage(join(out, 'images/busybox'));
const stop = stopOnSignals();
const results = [];
for (const suite of chosenSuites()) {
  if (!stop.aborted) results.push(await runSuite(suite, stop));
}
console.log(report(results));
process.exitCode = stop.aborted ? stop.reason : Number(results.some(({ failed }) => failed > 0));

function readArguments() {
  try {
    return parseArgs({ options: { only: { type: 'string' } } }).values;
  } catch (error) {
    fail(error.message);
  }
}

function chosenSuites() {
  const kvm = probeKvm();
  const all = suites(kvm);
  const chosen = only === undefined ? all : choose(all, only);
  if (!chosen) fail(`the suites are ${all.map(({ id }) => id).join(', ')}`);
  console.log(kvm.ok ? 'krun runs here.' : `krun runs in the lab, since here it cannot: ${kvm.detail}`);
  return chosen;
}

/** Aborted, with the exit code as its reason, once the tests are to stop. */
function stopOnSignals() {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(name, () => {
      stop.abort(128 + constants.signals[name]);
      stopAll(`was stopped by ${name}`);
    });
  }
  return stop.signal;
}

function fail(message) {
  console.error(`test: ${message}`);
  process.exit(2);
}
