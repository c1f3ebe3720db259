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

/** What reporters wrote, one program after the other, and whatever else went wrong with the last of them. */
export function readResults(paths, end) {
  const parts = [paths].flat().map(readPart);
  return withEnd(
    parts.flatMap(({ outcomes }) => outcomes),
    end,
    parts.at(-1).isWhole,
  );
}

/** The test files that were run to their end. */
export function filesRun(path) {
  return readPart(path).files;
}

function readPart(path) {
  return fromReporter(existsSync(path) ? readFileSync(path, 'utf8') : '');
}
