import { join } from 'node:path';
import { makeBusyboxImage } from '../images/busybox.mjs';
import { out } from '../setup/paths.mjs';
import { setup } from '../setup.mjs';
import { probeKvm } from './kvm.mjs';
import { report } from './report.mjs';
import { runSuite } from './run-suite.mjs';
import { runJest } from './suites/jest.mjs';
import { runJestInLab } from './suites/lab.mjs';

/** The engines that such a command can be given. */
export const ENGINES = ['qemu', 'krun'];

/**
 * Runs some test files of a project by a command of their own, at the length that `env` tells them, and prints what came
 * of it: on this machine, or in a lab host for krun where this machine cannot run it. Sets the exit code.
 */
export async function runByCommand(id, { project, only, engine, env, timeoutMs, prepare = () => {} }) {
  await setup({ for: 'test' });
  await makeBusyboxImage(join(out, 'images/busybox'));
  await prepare();
  const isLab = engine === 'krun' && !probeKvm().ok;
  const what = { name: `${id}-${engine}`, only, env: { BOXLITE_TEST_ENGINE: engine, ...env }, timeoutMs };
  const run = (context) => (isLab ? runJestInLab : runJest)(project, { ...context, ...what });
  const result = await runSuite({ id, engine, isLab, run });
  console.log(report([result]));
  process.exitCode = Number(result.failed > 0);
}
