import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { out } from '../../setup/paths.mjs';
import { run } from '../command.mjs';
import { failed, fromGoogleTest, withEnd } from '../outcomes.mjs';
import { resultsFile } from '../results.mjs';

const tree = join(out, 'cmake');

/** Runs every GoogleTest program that was built: boxlite-tests, plain or with sanitizers. */
export async function runCpp({ onLine }) {
  const names = readdirSync(tree).filter((name) => name.startsWith('boxlite-tests') && isProgram(join(tree, name)));
  if (names.length === 0) return [failed('C++ tests', `There is no ${join(tree, 'boxlite-tests')}: it was not built.`)];
  const outcomes = [];
  for (const name of names) outcomes.push(...(await runProgram(name, onLine)));
  return outcomes;
}

async function runProgram(name, onLine) {
  const path = resultsFile(`${name}.json`);
  const end = await run(join(tree, name), ['--gtest_brief=1', `--gtest_output=json:${path}`], { onLine });
  const results = existsSync(path) ? fromGoogleTest(JSON.parse(readFileSync(path, 'utf8'))) : [];
  const outcomes = results.map((outcome) => ({ ...outcome, title: `${name}: ${outcome.title}` }));
  return withEnd(outcomes, end, existsSync(path));
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
