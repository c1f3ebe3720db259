#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { report, SetupFailed } from '../setup/failure.mjs';
import { withLock } from '../setup/lock.mjs';
import { runSteps } from '../setup/run-steps.mjs';
import { isStale } from '../setup/stale.mjs';
import initramfs from './initramfs.mjs';
import kernel from './kernel.mjs';

const steps = [kernel, initramfs];

/** Makes what a lab host boots from, where that is missing or stale. Rejects with SetupFailed. */
export async function buildLab() {
  if (steps.some(isStale)) await withLock(() => runSteps(steps));
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await buildLab().catch((error) => {
    if (!(error instanceof SetupFailed)) throw error;
    console.error(report(error));
    process.exitCode = 1;
  });
}
