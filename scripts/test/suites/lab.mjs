import { basename, dirname } from 'node:path';
import { buildLab } from '../../lab/build.mjs';
import { quoted } from '../../lab/job.mjs';
import { LabFailed, LabStalled, runInLab } from '../../lab/run.mjs';
import { filesRun, readResults, resultsFile } from '../results.mjs';
import { jestArguments, testFiles } from './jest.mjs';

// A host that stands still is the emulator's fault; more of them than this would be somebody's.
const MOST_HOSTS = 3;

/** Runs one project of jest, or some files of it, in a lab host, in one process: jest takes long to start there. */
export async function runJestInLab(project, { name, env, timeoutMs, onLine, signal, only = testFiles(project) }) {
  await buildLab();
  const lines = [];
  const say = (line) => {
    lines.push(line);
    onLine(line);
  };
  const paths = [];
  for (let files = only; ; ) {
    const path = resultsFile(`lab/${name}-${paths.length + 1}.jsonl`);
    paths.push(path);
    const end = await runFiles(files, { project, env, path, timeoutMs, say, signal });
    const done = filesRun(path);
    files = files.filter((file) => !done.includes(file));
    if (!end.isStalled || files.length === 0 || paths.length === MOST_HOSTS) {
      return readResults(paths, { ...end, output: lines.join('\n') });
    }
    say(`${end.how}; ${files.length} test files are left, and go on in a fresh one`);
  }
}

async function runFiles(files, { project, env, path, timeoutMs, say, signal }) {
  const command = ['node', ...jestArguments(project), '--runTestsByPath', ...files].map(quoted).join(' ');
  try {
    const { code } = await runInLab({
      script: `export BOXLITE_TEST_RESULTS=$BOXLITE_LAB_SHARE/${basename(path)}\nexec ${command}`,
      env,
      share: dirname(path),
      timeoutMs,
      onUp: (bootMs) => say(`the lab host is up after ${(bootMs / 1000).toFixed(1)} s`),
      onLine: say,
      signal,
    });
    return { code, how: `ended with code ${code}` };
  } catch (error) {
    if (!(error instanceof LabFailed)) throw error;
    return { code: null, how: `had no end: ${error.message}`, isStalled: error instanceof LabStalled };
  }
}
