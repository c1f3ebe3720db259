#!/usr/bin/env node
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBusyboxImage } from './images/busybox.mjs';
import { out } from './setup/paths.mjs';
import { setup } from './setup.mjs';
import { stopAll } from './test/command.mjs';
import { probeKvm } from './test/kvm.mjs';
import { runInLanes } from './test/lanes.mjs';
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
// A lab host keeps one processor busy, so what runs here goes on beside it, and a second host once that is done.
const results = await runInLanes(chosen, { run: (suite) => runSuite(suite, stop), isOver: () => stop.aborted });
console.log(report(results));
process.exitCode = stop.aborted ? stop.reason : Number(results.some(({ failed }) => failed > 0));

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
