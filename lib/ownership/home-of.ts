import { readdirSync, readlinkSync } from 'node:fs';
import { isBoxId } from './argv';
import { readParent } from './identity';

/**
 * Read-only: the home that a process of a box works for, told by the files that it has open in the box's directory: its
 * lock, its disk. One that shows none, as a program that cannot be dumped, is of its parent's home. Null where neither shows any.
 */
export function homeOfProcess(pid: number, boxId: string): string | null {
  if (!isBoxId(boxId)) return null;
  const parent = readParent(pid);
  return homeByFiles(pid, boxId) ?? (parent ? homeByFiles(parent, boxId) : null);
}

/** The home of a file of that box; also of one that was removed since, under the name that /proc gives it then. */
export function homeOfFile(path: string, boxId: string): string | null {
  for (const part of ['boxes', 'trash']) {
    const at = path.indexOf(`/${part}/${boxId}/`);
    if (at > 0) return path.slice(0, at);
  }
  return null;
}

function homeByFiles(pid: number, boxId: string): string | null {
  for (const fd of entries(`/proc/${pid}/fd`)) {
    const home = homeOfFile(target(`/proc/${pid}/fd/${fd}`), boxId);
    if (home !== null) return home;
  }
  return null;
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function target(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
