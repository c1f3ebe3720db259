import { mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The errno name of a failed system call, such as 'ENOENT'; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/**
 * Makes a directory and its missing parents; an existing one is fine. Unlike mkdir's own `recursive`, it ends on file
 * systems that answer ENOENT for a directory that cannot be made, such as /proc.
 */
export async function makeDirectories(path: string, mode = 0o700): Promise<void> {
  if (await madeOrThere(path, mode)) return;
  await makeDirectories(dirname(path), mode);
  if (!(await madeOrThere(path, mode)))
    throw Object.assign(new Error(`EACCES: ${path} cannot be made`), { code: 'EACCES' });
}

/** False when a parent is missing. */
async function madeOrThere(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    if (errnoOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  }
  return true;
}

/** Removes a tree by renaming it first, so that no half-removed directory ever carries its name. */
export async function removeTree(path: string, trash: string): Promise<void> {
  try {
    await rename(path, trash);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  await rm(trash, { recursive: true, force: true });
}

/** Makes what was renamed or created in a directory survive a power cut (fsync(2), on the directory). */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Writes a whole file and lets it appear under its name at once. */
export async function writeFileByRename(path: string, content: string, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}
