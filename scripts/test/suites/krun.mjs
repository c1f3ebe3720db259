import { dirname } from 'node:path';
import { buildLab } from '../../lab/build.mjs';
import { quoted } from '../../lab/job.mjs';
import { LabFailed, runInLab } from '../../lab/run.mjs';
import { readResults, resultsFile } from '../results.mjs';
import { jestArguments, runJest } from './jest.mjs';

const TIMEOUT_MS = 1_500_000;
const NAME = 'vm-krun';
const ENGINE = { BOXLITE_TEST_ENGINE: 'krun' };

/** The tests with real boxes, on libkrun under this machine's own KVM. */
export function runKrunHere({ onLine }) {
  return runJest('vm', { name: NAME, env: ENGINE, onLine, timeoutMs: TIMEOUT_MS });
}

/** The same in a lab host, all in one process: jest takes long to start there. */
export async function runKrunInLab({ onLine, signal }) {
  await buildLab();
  const path = resultsFile(`lab/${NAME}.jsonl`);
  const command = ['node', ...jestArguments('vm')].map(quoted).join(' ');
  const lines = [];
  const end = await runInLab({
    script: `export BOXLITE_TEST_RESULTS=$BOXLITE_LAB_SHARE/${NAME}.jsonl\nexec ${command}`,
    env: ENGINE,
    share: dirname(path),
    timeoutMs: TIMEOUT_MS,
    onUp: (bootMs) => onLine(`the lab host is up after ${(bootMs / 1000).toFixed(1)} s`),
    onLine(line) {
      lines.push(line);
      onLine(line);
    },
    signal,
  }).then(
    ({ code }) => ({ code, how: `ended with code ${code}` }),
    (error) => {
      if (!(error instanceof LabFailed)) throw error;
      return { code: null, how: `had no end: ${error.message}` };
    },
  );
  return readResults(path, { ...end, output: lines.join('\n') });
}
