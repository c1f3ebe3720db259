import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../setup/paths.mjs';
import { run } from '../command.mjs';
import { readResults, resultsFile } from '../results.mjs';

const directory = '__tests__/scripts';

/** The tests of the scripts, which jest cannot load, by node's own test runner. */
export async function runScripts() {
  const path = resultsFile('scripts.jsonl');
  const reporter = ['--test-reporter=./scripts/test/node-reporter.mjs', `--test-reporter-destination=${path}`];
  const files = readdirSync(join(root, directory)).filter((name) => name.endsWith('.test.mjs'));
  // Without any, node would look for some by itself.
  if (files.length === 0) return [];
  const end = await run(process.execPath, ['--test', ...reporter, ...files.map((name) => join(directory, name))]);
  return readResults(path, end);
}
