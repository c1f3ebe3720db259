import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { out } from '../setup/paths.mjs';
import { fromReporter, withEnd } from './outcomes.mjs';

/** Where the reporter of a new run is to write; what an earlier run left there is gone. */
export function resultsFile(name) {
  const path = join(out, 'results', name);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  return path;
}

/** What the reporter wrote, and whatever else went wrong with the program that it was in. */
export function readResults(path, end) {
  const { outcomes, isWhole } = fromReporter(existsSync(path) ? readFileSync(path, 'utf8') : '');
  return withEnd(outcomes, end, isWhole);
}
