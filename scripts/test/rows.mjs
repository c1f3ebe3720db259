import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';

// A test or a group of tests, with or without a table, whose title comes next; skipped ones and those to be written do not count.
const CALL =
  /\b(?:test|it|describe)(?:\.(?:only|concurrent))?(?:\.each\b[\s\S]*?\)\s*)?\(\s*(?:'([^'\n]*)'|"([^"\n]*)"|`([^`]*)`)/g;

/** The rows of the ownership contract that every change is held against, by their ids. */
export function allRows() {
  return Object.keys(JSON.parse(readFileSync(join(root, '__tests__/ownership-rows.json'), 'utf8')));
}

/** Those of the rows that no title of a test below the directory names. */
export function withoutTest(rows, directory = join(root, '__tests__')) {
  const files = readdirSync(directory, { recursive: true }).filter((name) => name.endsWith('.test.ts'));
  const named = files.flatMap((file) => titlesIn(readFileSync(join(directory, file), 'utf8')).flatMap(rowsIn));
  return rows.filter((row) => !named.includes(row));
}

export function titlesIn(source) {
  return [...source.matchAll(CALL)].map(([, single, double, template]) => single ?? double ?? template);
}

/** The ids that a title begins with: 'R1 R2: a detached box …'. */
export function rowsIn(title) {
  const ids = /^((?:[A-Z]\d+(?:, | )?)+): /.exec(title)?.[1] ?? '';
  return ids.split(/, | /).filter(Boolean);
}
