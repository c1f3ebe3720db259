import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root } from '../../setup/paths.mjs';
import { run } from '../command.mjs';
import { readResults, resultsFile } from '../results.mjs';
import { UserPlace } from '../user.mjs';

/** Runs one project of jest, or some files of it, on this machine; with `asUser` as an ordinary user. */
export async function runJest(project, { name = project, env = {}, onLine, timeoutMs, only = [], asUser = false }) {
  const path = resultsFile(`${name}.jsonl`);
  const place = asUser ? new UserPlace([path]) : null;
  const args = [...jestArguments(project, place?.cache), ...filesOf(only)];
  const [program, programArgs] = place ? place.wrap(process.execPath, args) : [process.execPath, args];
  try {
    const end = await run(program, programArgs, {
      env: { ...env, ...place?.env, BOXLITE_TEST_RESULTS: path },
      onLine,
      timeoutMs,
    });
    return readResults(path, end);
  } finally {
    place?.remove();
  }
}

function filesOf(only) {
  return only.length === 0 ? [] : ['--runTestsByPath', ...only];
}

/** Arguments for node, in the project's directory. One test file after the other: each looks for what it left behind. */
export function jestArguments(project, cacheDirectory = join(cache, 'jest')) {
  return [
    'node_modules/jest/bin/jest.js',
    `--selectProjects=${project}`,
    '--runInBand',
    // Nothing else is looked through, which saves much of the start where files are slow.
    '--roots=lib',
    '--roots=__tests__',
    '--reporters=<rootDir>/scripts/test/jest-reporter.cjs',
    `--cacheDirectory=${cacheDirectory}`,
  ];
}

/** The test files of a project, in their order. */
export function testFiles(project) {
  const directory = `__tests__/${project}`;
  const names = readdirSync(join(root, directory), { recursive: true });
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => join(directory, name));
}
