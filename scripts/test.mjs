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

const ids = chosenSuites();
await setup({ for: 'test' });
await makeBusyboxImage(join(out, 'images/busybox'));
const kvm = probeKvm();
console.log(kvm.ok ? 'krun runs here.' : `krun runs in the lab, since here it cannot: ${kvm.detail}`);
const stop = stopOnSignals();
const chosen = suites(kvm).filter(({ id }) => ids.includes(id));
// A lab host is busy with one thing at a time, so what runs here goes on beside it.
const lanes = [chosen.filter(({ isLab }) => !isLab), chosen.filter(({ isLab }) => isLab)];
const results = (await Promise.all(lanes.map(runLane))).flat();
console.log(report(results));
process.exitCode = stop.aborted ? stop.reason : Number(results.some(({ failed }) => failed > 0));

async function runLane(lane) {
  const results = [];
  for (const suite of lane) {
    if (!stop.aborted) results.push(await runSuite(suite, stop));
  }
  return results;
}

function chosenSuites() {
  try {
    return choose(parseArgs({ options: { only: { type: 'string' } } }).values.only);
  } catch (error) {
    console.error(`test: ${error.message}`);
    process.exit(2);
  }
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
