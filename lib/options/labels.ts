import { expected, invalid } from './failure';
import { readEntries } from './fields';
import { kindOf, member, quoted } from './literal';
import { passable } from './values';

const mostLabels = 64;
const longestKey = 128;
const longestValue = 4096;

export function labels(value: unknown, path: string): Record<string, string> {
  const entries = readEntries(value, 'an object of strings', path);
  if (entries.length > mostLabels) {
    throw invalid(
      `Expected at most ${mostLabels} labels for ${path} but received ${entries.length}`,
      'Use fewer labels.',
    );
  }
  return Object.fromEntries(entries.map(([key, entry]) => [checkKey(key, path), checkValue(entry, member(path, key))]));
}

function checkKey(key: string, path: string): string {
  if (key === '' || key.length > longestKey) {
    throw invalid(
      `Expected a label key of 1 to ${longestKey} characters in ${path} but received ${quoted(key)} of ${key.length}`,
      'Name the label shortly.',
    );
  }
  return passable(key, `a key of ${path}`);
}

function checkValue(value: unknown, path: string): string {
  const what = `a string of at most ${longestValue} characters`;
  if (typeof value !== 'string') throw expected(what, path, value, `Labels are text, and this is ${kindOf(value)}.`);
  if (value.length <= longestValue) return passable(value, path);
  throw invalid(`Expected ${what} for ${path} but received one of ${value.length}`, 'Keep large data out of labels.');
}
