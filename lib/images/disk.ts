import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../util/files';

export function imagesDirectory(home: string): string {
  return join(home, 'images');
}

/** The image disk of a manifest digest ("sha256:…"); its config lies beside it as .json. */
export function diskPath(home: string, digest: string): string {
  return join(imagesDirectory(home), 'disks', `${hexOf(digest)}.ext4`);
}

export function diskRecordPath(home: string, digest: string): string {
  return diskPath(home, digest).replace(/\.ext4$/, '.json');
}

export function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '');
}

export async function hasDisk(home: string, digest: string): Promise<boolean> {
  try {
    await stat(diskPath(home, digest));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
