import { BoxliteError } from '../errors';
import type { ErrorCode } from '../types';
import { errnoOf } from './files';

const permission: [ErrorCode, string] = [
  'permission',
  'Choose a home that this user may write to: new Runtime({ home }) or BOXLITE_HOME.',
];
const directory: [ErrorCode, string] = ['not-a-directory', 'Choose a home that is a directory.'];
const space: [ErrorCode, string] = ['no-space', 'Free space, or choose a home on another disk.'];
const exhausted: [ErrorCode, string] = ['limit', 'Raise the limits of this process (ulimit -n, -u), or free memory.'];

const table: Record<string, [ErrorCode, string]> = {
  EACCES: permission,
  EPERM: permission,
  EROFS: ['permission', 'Choose a home on a file system that is mounted read-write.'],
  ENOTDIR: directory,
  EEXIST: directory,
  ENOSPC: space,
  EDQUOT: space,
  EFBIG: ['no-space', 'Choose a smaller diskMiB, or a home on ext4, xfs or btrfs.'],
  EMFILE: exhausted,
  ENFILE: exhausted,
  ENOMEM: exhausted,
  EAGAIN: exhausted,
};

/** A failed system call of this host as an error with code and hint; every other error as it is. */
export function asHostFailure(what: string, error: unknown, otherwise: ErrorCode): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || BoxliteError.is(error)) return error;
  const [code, hint] = table[errno] ?? [otherwise, 'runtime.doctor() checks the machine and the home.'];
  const retryable = code === 'limit' || code === 'no-space';
  return new BoxliteError(code, `${what} failed: ${(error as Error).message}`, { hint, retryable, cause: error });
}
