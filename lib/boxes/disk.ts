import { BoxliteError } from '../errors';
import { nativeFile } from '../native/load';
import type { Deadline } from '../util/deadline';
import { errnoOf } from '../util/files';
import { writeDiskFromTemplate } from './disk-template';

export const defaultDiskMiB = 4096;
const mib = 1024 * 1024;

/** Makes a box's own empty disk: sparse, from the template at its size or the small one that the guest grows. */
export async function makeDisk(path: string, diskMiB: number, deadline: Deadline): Promise<void> {
  const template = nativeFile(diskMiB < defaultDiskMiB ? 'disk-64.tpl' : 'disk-4096.tpl');
  try {
    await writeDiskFromTemplate(template, path, diskMiB * mib, deadline.signal);
  } catch (error) {
    deadline.throwIfOver();
    throw diskFailure(path, diskMiB, error);
  }
}

function diskFailure(path: string, diskMiB: number, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new BoxliteError('no-space', `Making the disk ${path} failed: no space`, {
      hint: 'Free space in the home, or prune.',
      cause: error,
    });
  }
  if (errno === 'EFBIG') {
    return new BoxliteError(
      'no-space',
      `Making the disk ${path} failed: this file system holds no file of ${diskMiB} MiB`,
      {
        hint: 'Choose a smaller diskMiB, or a home on ext4, xfs or btrfs.',
        cause: error,
      },
    );
  }
  return errno === undefined
    ? error
    : new BoxliteError('boot-failed', `Making the disk ${path} failed: ${(error as Error).message}`, { cause: error });
}
