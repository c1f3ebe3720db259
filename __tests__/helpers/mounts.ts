import { execFileSync } from 'node:child_process';
import { closeSync, openSync, statfsSync, writeSync } from 'node:fs';
import { tempHome } from './homes';

/** Mounting takes root: what needs it is not run as an ordinary user, and the run says so. */
export const canMount = process.geteuid?.() === 0;

/** A home that is a tmpfs of its own for as long as `use` takes. */
export async function onTmpfs(options: string, use: (home: string) => Promise<void>): Promise<void> {
  const home = tempHome();
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', home]);
  try {
    await use(home);
  } finally {
    execFileSync('umount', [home]);
  }
}

/** Writes to a file until its file system has no more than `leaveBytes` free. */
export function fillUp(path: string, leaveBytes = 0): void {
  const piece = Buffer.alloc(64 * 1024);
  const file = openSync(path, 'a');
  try {
    while (freeBytes(path) > leaveBytes) writeSync(file, piece);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
