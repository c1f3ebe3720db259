import { existsSync } from 'node:fs';
import { link } from 'node:fs/promises';
import { BoxliteError } from '../errors';
import { diskPath } from '../images/disk';
import type { BoxRow } from '../store/schema';
import { errnoOf } from '../util/files';
import { boxPaths } from './directory';

// Of file systems that have no hard links, and of a disk that has too many: such a box uses the store's own, which
// stays as long as the box is there.
const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EMLINK', 'ENOSYS'];

/** Gives a box its own link to the disk of its image; false when there is no such disk. */
export async function linkImageDisk(home: string, row: BoxRow): Promise<boolean> {
  const disk = diskPath(home, row.imageDigest);
  try {
    await link(disk, boxPaths(home, row.id).imageDisk);
    return true;
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code === 'EEXIST') return true;
    if (noLinks.includes(code)) return existsSync(disk);
    if (code === 'ENOENT') return false;
    throw error;
  }
}

/** Where the disk of a box's image is. */
export function imageDiskOf(home: string, row: BoxRow): string {
  const { imageDisk } = boxPaths(home, row.id);
  return existsSync(imageDisk) ? imageDisk : diskPath(home, row.imageDigest);
}

export function imageChanged(row: BoxRow): BoxliteError {
  return new BoxliteError('image-not-found', `The image ${row.imageRef} was removed while the box was made of it`, {
    box: row.id,
    retryable: true,
  });
}
