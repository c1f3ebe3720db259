import type { Bytes, Call } from '../types';
import { callChecks } from './call';
import { stdin } from './exec';
import { expected, invalid } from './failure';
import { checkFields, optional, readEntries, withDefault } from './fields';
import { member } from './literal';
import { user } from './user';
import { boolean, hostPath, integer } from './values';

export interface CheckedPath extends Call {
  path: string;
}

const mode = optional(integer(0, 0o7777));
const offset = optional(integer(0, Number.MAX_SAFE_INTEGER));

const readChecks = { ...callChecks, start: offset, end: offset };
const writeChecks = { ...callChecks, mode, user: optional(user), append: withDefault(boolean, false) };
const listChecks = { ...callChecks, depth: withDefault(depth, 1) };
const statChecks = { ...callChecks, follow: withDefault(boolean, true) };
const mkdirChecks = { ...callChecks, mode };
const recursiveChecks = { ...callChecks, recursive: withDefault(boolean, false) };

/** A path of the guest: absolute, or from the box's own working directory. */
export function filePath(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') throw expected('a path', path, value);
  const nul = value.indexOf('\0');
  if (nul >= 0)
    throw invalid(`Expected a path without NUL for ${path} but received one with a NUL at ${nul}`, 'Take the NUL out.');
  // The others of their kind stand for bytes that are not UTF-8.
  if (/[\u{D800}-\u{DC7F}\u{DD00}-\u{DFFF}]/u.test(value)) {
    throw invalid(
      `Expected a string of whole Unicode characters for ${path} but received one with a lone surrogate`,
      'Bytes that are not UTF-8 are U+DC80 to U+DCFF.',
    );
  }
  return value;
}

export function checkPathCall(path: unknown, options: unknown, method: string): CheckedPath {
  return { path: filePath(path, 'path'), ...checkFields(options, method, callChecks) };
}

export function checkReadFile(path: unknown, options: unknown): CheckedPath & { start?: number; end?: number } {
  const checked = { path: filePath(path, 'path'), ...checkFields(options, 'readFile', readChecks) };
  const { start = 0, end } = checked;
  if (end !== undefined && end < start) throw expected(`an integer of ${start} (start) or more`, 'end', end);
  return checked;
}

export function checkWriteFile(
  path: unknown,
  data: unknown,
  options: unknown,
): CheckedPath & { data: Bytes; mode?: number; user?: string; append: boolean } {
  return {
    path: filePath(path, 'path'),
    data: stdin(data, 'data'),
    ...checkFields(options, 'writeFile', writeChecks),
  };
}

export function checkWriteFiles(files: unknown, options: unknown): Call & { files: { path: string; data: Bytes }[] } {
  const entries = readEntries(files, 'an object of paths', 'files').map(([name, data]) => ({
    path: filePath(name, member('files', name)),
    data: stdin(data, member('files', name)),
  }));
  return { files: entries, ...checkFields(options, 'writeFiles', callChecks) };
}

export function checkList(path: unknown, options: unknown): CheckedPath & { depth: number } {
  return { path: filePath(path, 'path'), ...checkFields(options, 'list', listChecks) };
}

export function checkStat(path: unknown, options: unknown): CheckedPath & { follow: boolean } {
  return { path: filePath(path, 'path'), ...checkFields(options, 'stat', statChecks) };
}

export function checkMkdir(path: unknown, options: unknown): CheckedPath & { mode?: number } {
  return { path: filePath(path, 'path'), ...checkFields(options, 'mkdir', mkdirChecks) };
}

export function checkRename(from: unknown, to: unknown, options: unknown): Call & { from: string; to: string } {
  return { from: filePath(from, 'from'), to: filePath(to, 'to'), ...checkFields(options, 'rename', callChecks) };
}

export function checkRemoveFile(path: unknown, options: unknown): CheckedPath & { recursive: boolean } {
  return { path: filePath(path, 'path'), ...checkFields(options, 'remove', recursiveChecks) };
}

export function checkWatch(path: unknown, options: unknown): CheckedPath & { recursive: boolean } {
  return { path: filePath(path, 'path'), ...checkFields(options, 'watch', recursiveChecks) };
}

/** Both paths keep the slash at their end, which says something. */
export function checkCopy(
  host: unknown,
  guest: unknown,
  options: unknown,
  method: 'upload' | 'download',
): Call & { host: string; guest: string } {
  const slash = typeof host === 'string' && /[^/]\/+$/.test(host) ? '/' : '';
  return {
    host: hostPath(host, 'host') + slash,
    guest: filePath(guest, 'guest'),
    ...checkFields(options, method, callChecks),
  };
}

/** Infinity lists the whole tree. */
function depth(value: unknown, path: string): number {
  return value === Number.POSITIVE_INFINITY
    ? Number.MAX_SAFE_INTEGER
    : integer(1, Number.MAX_SAFE_INTEGER)(value, path);
}
