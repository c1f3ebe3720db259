import { isAbsolute, resolve } from 'node:path';
import { expected, expectedSecret, invalid } from './failure';
import type { Check } from './fields';
import { listed } from './literal';

/** setTimeout's own limit, about 24.8 days. */
export const longestTimeoutMs = 2 ** 31 - 1;

export function integer(least: number, most: number, unit = ''): Check<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
  const what = `an integer ${range}${unit && ` ${unit}`}`;
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
      throw expected(what, path, value);
    }
    return value + 0;
  };
}

/** A length of time; the fraction of a millisecond is kept. */
export function milliseconds(above: 'zero' | 'or-zero', most = longestTimeoutMs): Check<number> {
  const what =
    above === 'zero'
      ? `a number of milliseconds above 0 and at most ${most}`
      : `a number of milliseconds from 0 to ${most}`;
  return (value, path) => {
    const inRange = typeof value === 'number' && value <= most && (above === 'zero' ? value > 0 : value >= 0);
    if (!inRange) throw expected(what, path, value);
    return value + 0;
  };
}

export function boolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw expected('a boolean', path, value);
  return value;
}

export function choice<T extends string>(...choices: readonly T[]): Check<T> {
  const what = choices.length === 1 ? listed(choices) : `one of ${listed(choices)}`;
  return (value, path) => {
    const chosen = choices.find((one) => one === value);
    if (chosen === undefined) throw expected(what, path, value);
    return chosen;
  };
}

// The type parameter is the function's published signature, which cannot be checked at run time.
export function callback<F extends (...args: never[]) => unknown>(value: unknown, path: string): F {
  if (typeof value !== 'function') throw expected('a function', path, value);
  return value as F;
}

/** Text that the guest and the kernel take as it is. */
export function text(what: string): Check<string> {
  return (value, path) => {
    if (typeof value !== 'string' || value === '') throw expected(what, path, value);
    return passable(value, path);
  };
}

/** An absolute path of the guest. */
export function guestPath(value: unknown, path: string): string {
  if (typeof value !== 'string' || !value.startsWith('/')) throw expected('an absolute path', path, value);
  return passable(value, path);
}

/** A path of the host; a relative one is taken from the working directory of now. */
export function hostPath(value: unknown, path: string): string {
  return resolve(text('a path')(value, path));
}

export function absoluteHostPath(value: unknown, path: string): string {
  if (typeof value !== 'string' || !isAbsolute(value)) throw expected('an absolute path', path, value);
  return resolve(passable(value, path));
}

/** Refuses what no argument, variable or path can carry; says where it is, not what is around it. */
export function passable(value: unknown, path: string): string {
  if (typeof value !== 'string') throw expectedSecret('a string', path, value);
  const nul = value.indexOf('\0');
  if (nul >= 0)
    throw invalid(
      `Expected a string without NUL for ${path} but received one with a NUL at ${nul}`,
      'Take the NUL out.',
    );
  if (isWellFormed(value)) return value;
  throw invalid(
    `Expected a string of whole Unicode characters for ${path} but received one with a lone surrogate`,
    'Cut strings between characters, or pass bytes through stdin or a file.',
  );
}

export function isWellFormed(value: string): boolean {
  return !/\p{Surrogate}/u.test(value);
}
