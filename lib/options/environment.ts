import { BoxliteError } from '../errors';
import { expectedSecret, invalid } from './failure';
import { readEntries } from './fields';
import { member, quoted } from './literal';
import { passable } from './values';

/** Variables of a box. Their values are never part of a message. */
export function environment(value: unknown, path: string): Record<string, string> {
  const variables = readVariables(value, path);
  return Object.fromEntries(variables.map(([name, entry]) => [name, variable(entry, member(path, name))]));
}

/** Variables of a command: null takes one of the box's away. */
export function environmentChange(value: unknown, path: string): Record<string, string | null> {
  const variables = readVariables(value, path);
  return Object.fromEntries(
    variables.map(([name, entry]) => [name, entry === null ? null : variable(entry, member(path, name), ' or null')]),
  );
}

function readVariables(value: unknown, path: string): [string, unknown][] {
  const entries = readEntries(value, 'an object of strings', path);
  for (const [name] of entries) checkName(name, path);
  return entries;
}

function variable(value: unknown, path: string, alternative = ''): string {
  if (typeof value === 'string') return passable(value, path);
  throw expectedSecret(`a string${alternative}`, path, value, 'Variables are text: convert the value with String().');
}

function checkName(name: string, path: string): void {
  if (name === '')
    throw invalid(`Expected a name for every variable of ${path} but received an empty one`, 'Name the variable.');
  const equals = name.indexOf('=');
  if (equals >= 0) {
    // What follows the sign is a value that was put into the name.
    const shown = `${name.slice(0, equals)}=…`;
    throw invalid(`Expected a name without '=' in ${path} but received ${quoted(shown)}`, 'Pass { NAME: value }.');
  }
  passable(name, `a name in ${path}`);
}

// execve(2) under Linux: MAX_ARG_STRLEN for one string, and what this library grants to all of them; both with the NULs.
const mostBytesOfOne = 128 * 1024;
const mostBytesOfAll = 1024 * 1024;

/** Its path in the call, for messages, and itself. */
export type Argument = readonly [path: string, argument: string];

/** Refuses variables, and arguments with them, that no command could be started with. */
export function checkSize(argv: readonly Argument[], env: Record<string, string | null>): void {
  let total = 0;
  const add = (bytes: number, path: string) => {
    if (bytes > mostBytesOfOne)
      throw tooLong(`${path} takes ${bytes} bytes, and one string may take ${mostBytesOfOne}`);
    total += bytes;
  };
  for (const [path, argument] of argv) add(Buffer.byteLength(argument) + 1, path);
  for (const [name, value] of Object.entries(env)) {
    if (value !== null) add(Buffer.byteLength(name) + Buffer.byteLength(value) + 2, member('env', name));
  }
  if (total > mostBytesOfAll) {
    throw tooLong(`Arguments and environment take ${total} bytes, and all of them together may take ${mostBytesOfAll}`);
  }
}

function tooLong(message: string): BoxliteError {
  return new BoxliteError('limit', message, { hint: 'Pass large data through stdin or a file.' });
}
