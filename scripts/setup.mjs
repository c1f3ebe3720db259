#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report, SetupFailed } from './setup/failure.mjs';
import { withLock } from './setup/lock.mjs';
import { runSteps } from './setup/run-steps.mjs';
import { isStale } from './setup/stale.mjs';
import { stepsFor } from './setup/steps.mjs';
import { checkNode, checkTools } from './setup/tools.mjs';

/** Installs and builds what is missing or stale for 'demo' or 'test'; ends the program when it cannot. */
export async function setup({ for: purpose = 'demo' } = {}) {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  try {
    checkNode();
    const steps = stepsFor(purpose);
    if (!steps.some(isStale)) {
      console.log(`set-up: nothing to do (${seconds()} s)`);
      return;
    }
    checkTools();
    await withLock(() => runSteps(steps));
    console.log(`set-up: done in ${seconds()} s`);
  } catch (error) {
    if (!(error instanceof SetupFailed)) throw error;
    console.error(report(error));
    process.exit(1);
  }
}

function purposeFromArguments() {
  try {
    const { values } = parseArgs({ options: { for: { type: 'string', default: 'demo' } } });
    if (['demo', 'test'].includes(values.for)) return values.for;
  } catch {}
  console.error('usage: node scripts/setup.mjs [--for demo|test]');
  process.exit(2);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await setup({ for: purposeFromArguments() });
}
