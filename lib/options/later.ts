import { unsupported } from '../util/unsupported';
import { expected } from './failure';
import { readEntries } from './fields';
import { boolean } from './values';

// Options of the public interface that this version does not act on: a value that asks for nothing passes.

/** Refuses anything but absence. */
export function later(value: unknown, path: string): undefined {
  if (value === undefined) return undefined;
  throw unsupported(`The option '${path}'`);
}

export function laterUnlessFalse(value: unknown, path: string): boolean {
  if (value !== undefined && boolean(value, path)) later(value, path);
  return false;
}

export function laterUnlessEmptyArray(value: unknown, path: string): undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw expected('an array', path, value);
  return value.length === 0 ? undefined : later(value, path);
}

export function laterUnlessEmptyObject(value: unknown, path: string): undefined {
  if (value === undefined || readEntries(value, 'an object', path).length === 0) return undefined;
  return later(value, path);
}
