import { join } from 'node:path';
import { cache } from '../../setup/paths.mjs';
import { run } from '../command.mjs';
import { readResults, resultsFile } from '../results.mjs';

/** Runs one project of jest on this machine. */
export async function runJest(project, { name = project, env = {}, onLine, timeoutMs }) {
  const path = resultsFile(`${name}.jsonl`);
  const end = await run(process.execPath, jestArguments(project), {
    env: { ...env, BOXLITE_TEST_RESULTS: path },
    onLine,
    timeoutMs,
  });
  return readResults(path, end);
}

/** Arguments for node, in the project's directory. One test file after the other: each looks for what it left behind. */
export function jestArguments(project) {
  return [
    'node_modules/jest/bin/jest.js',
    `--selectProjects=${project}`,
    '--runInBand',
    // Nothing else is looked through, which saves much of the start where files are slow.
    '--roots=lib',
    '--roots=__tests__',
    '--reporters=<rootDir>/scripts/test/jest-reporter.cjs',
    `--cacheDirectory=${join(cache, 'jest')}`,
  ];
}
