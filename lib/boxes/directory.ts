import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../util/files';

/** Every path of a box, derived from home and id at each use and stored nowhere. */
export interface BoxPaths {
  directory: string;
  /** Held by the shim for its life. */
  lock: string;
  /** Held by whoever creates, starts or removes the box. */
  transition: string;
  pidFile: string;
  exitRecord: string;
  consoleLog: string;
  shimLog: string;
  disk: string;
  /** A link of the box's own to the disk of its image, which stays when the image is removed. */
  imageDisk: string;
}

export function boxPaths(home: string, id: string): BoxPaths {
  const directory = join(home, 'boxes', id);
  return {
    directory,
    lock: join(directory, 'lock'),
    transition: join(directory, 'transition'),
    pidFile: join(directory, 'shim.pid'),
    exitRecord: join(directory, 'exit.json'),
    consoleLog: join(directory, 'console.log'),
    shimLog: join(directory, 'shim.log'),
    disk: boxDisk(home, id),
    imageDisk: join(directory, 'image.ext4'),
  };
}

/** Alone, for a listing, which asks for a thousand. */
export function boxDisk(home: string, id: string): string {
  return `${home}/boxes/${id}/disk.ext4`;
}

export async function makeBoxDirectory(home: string, id: string): Promise<void> {
  await mkdir(join(home, 'boxes'), { recursive: true, mode: 0o700 });
  await mkdir(boxPaths(home, id).directory, { mode: 0o700 });
}

/** Removes the directory with all in it; nothing is wrong when it is gone already. */
export async function removeBoxDirectory(home: string, id: string): Promise<void> {
  const trash = join(home, 'trash');
  await mkdir(trash, { recursive: true, mode: 0o700 });
  await removeTree(boxPaths(home, id).directory, join(trash, id));
}
