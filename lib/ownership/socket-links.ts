import { constants } from 'node:fs';
import { lstat, mkdir, open, readlink, stat, unlink } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { BoxliteError } from '../errors';
import { errnoOf } from '../util/files';
import { isBoxId } from './argv';

// The files behind BoxSockets: the directory of all of a user's links, and what a link leads to.

export function linksDirectory(): string {
  return `/tmp/bl-${process.geteuid?.()}`;
}

export function socketsDirectory(home: string, boxId: string): string {
  return join(home, 'boxes', boxId, 'sockets');
}

export async function ensureParent(): Promise<void> {
  await mkdir(linksDirectory(), { mode: 0o700 }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  await checkParent();
}

/** False when there is none; rejects with 'socket-dir' for one that is not this user's own directory; repairs its mode. */
export async function checkParent(): Promise<boolean> {
  const path = linksDirectory();
  const hint = 'Another user of this host may have put it there: remove it as root.';
  const there = await lstatOrNull(path);
  if (there === null) return false;
  if (!there.isDirectory()) throw failure(`${path} is not a directory`, hint);
  if (there.uid !== process.geteuid?.()) throw failure(`${path} belongs to uid ${there.uid}`, hint);
  if ((there.mode & 0o7777) !== 0o700) await repairMode(path);
  return true;
}

// Through a descriptor that refuses links: chmod(2) on the path would follow one put there in the meantime.
async function repairMode(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await directory.chmod(0o700);
  } finally {
    await directory.close();
  }
}

export async function isStale(link: string, name: string, home: string): Promise<boolean> {
  return (await isOfHome(link, name, home)) && (await statOrNull(link)) === null;
}

/** Whether it is a link that this library made for a box of that home. */
export async function isOfHome(link: string, name: string, home: string): Promise<boolean> {
  const target = await readlink(link).catch(() => null);
  if (target === null) return false;
  const boxId = target.split('/').at(-2) ?? '';
  // A name that goes on past the id is a link that its maker died before renaming.
  if (!isBoxId(boxId) || !(name === boxId || name.startsWith(`${boxId}.`))) return false;
  const linkedHome = dirname(dirname(dirname(target)));
  return normalize(target) === socketsDirectory(linkedHome, boxId) && (await isSameDirectory(linkedHome, home));
}

async function isSameDirectory(one: string, other: string): Promise<boolean> {
  if (normalize(one) === normalize(other)) return true;
  const [a, b] = [await statOrNull(one), await statOrNull(other)];
  return a !== null && b !== null && a.dev === b.dev && a.ino === b.ino;
}

// ELOOP and ENOTDIR, too, lead nowhere.
export function statOrNull(path: string) {
  return stat(path).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return null;
    throw error;
  });
}

export function lstatOrNull(path: string) {
  return lstat(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
}

export async function unlinkIfThere(path: string): Promise<boolean> {
  return unlink(path).then(
    () => true,
    () => false,
  );
}

export function failure(message: string, hint: string): BoxliteError {
  return new BoxliteError('socket-dir', message, { hint });
}

export function asFailure(what: string, error: unknown): BoxliteError {
  if (BoxliteError.is(error)) return error;
  return new BoxliteError('socket-dir', `${what}: ${(error as Error).message}`, {
    hint: 'The directory of the home and /tmp must be writable for this user.',
    cause: error,
  });
}
