import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { errnoOf } from '../util/files';
import type { ProcessIdentity } from './identity';

export type PidFileState =
  | { kind: 'valid'; identity: ProcessIdentity }
  | { kind: 'missing' }
  | { kind: 'corrupt'; reason: string };

const maxBytes = 64 * 1024;

/**
 * Read-only: what a shim's pid file says; never throws.
 *
 * 'valid' means that it is whole, not that such a process lives: compare it with {@link readIdentity}. Empty, truncated,
 * binary, oversized or unreadable files, and what is no regular file, are 'corrupt'; no file is 'missing'.
 */
export function readPidFile(path: string): PidFileState {
  try {
    return parse(readRegularFile(path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return { kind: 'missing' };
    if (errno === 'ELOOP') return corrupt('not a regular file');
    return corrupt(errno ? `cannot be read: ${errno}` : (error as Error).message);
  }
}

function readRegularFile(path: string): string {
  // Without O_NONBLOCK a FIFO in its place would hold the caller for ever.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('not a regular file');
    if (stat.size > maxBytes) throw new Error(`longer than ${maxBytes} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(fd));
  } finally {
    closeSync(fd);
  }
}

function parse(text: string): PidFileState {
  if (text === '') return corrupt('empty');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return corrupt('not JSON');
  }
  if (typeof value !== 'object' || value === null) return corrupt('not a JSON object');
  const { pid, startTicks, bootId, argv } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return corrupt('no process id in pid');
  const ticks = parseTicks(startTicks);
  if (ticks === null) return corrupt('no number in startTicks');
  if (typeof bootId !== 'string' || bootId === '') return corrupt('no text in bootId');
  if (!isArgv(argv)) return corrupt('no list of texts in argv');
  return { kind: 'valid', identity: { pid, startTicks: ticks, bootId, argv } };
}

function parseTicks(value: unknown): bigint | null {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : null;
}

function isArgv(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((element) => typeof element === 'string');
}

function corrupt(reason: string): PidFileState {
  return { kind: 'corrupt', reason };
}
