import { BoxliteError } from '../errors';
import type { ErrorCode } from '../types';
import { errnoOf } from '../util/files';

const codes: Record<string, ErrorCode> = {
  ENOENT: 'file-not-found',
  EEXIST: 'file-exists',
  ENOTDIR: 'not-a-directory',
  EISDIR: 'is-a-directory',
  ENOTEMPTY: 'not-empty',
  EXDEV: 'cross-device',
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'permission',
  EBUSY: 'permission',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EINVAL: 'invalid-argument',
  ELOOP: 'invalid-argument',
  ENAMETOOLONG: 'invalid-argument',
};

/** A failed system call on a file of this host, which the caller named; every other error as it is. */
export function asFileFailure(verb: string, path: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || BoxliteError.is(error)) return error;
  // The text of Node's error has the path by which it was reached.
  const why = (error as Error).message.split(/, \w+ '/, 1)[0];
  return new BoxliteError(codes[errno] ?? 'limit', `Cannot ${verb} "${path}" on the host: ${why}`, { cause: error });
}
