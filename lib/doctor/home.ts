import { lstat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Home } from '../boxes/home';
import type { Boxes } from '../boxes/open-boxes';
import { errnoOf } from '../util/files';
import type { Check } from './doctor';

const gib = 1024 ** 3;
const lowSpaceBytes = gib;

export async function homeCheck(boxes: Boxes): Promise<{ home: Home | null; check: Check }> {
  try {
    const home = await boxes.home();
    return {
      home,
      check: { id: 'home', status: 'ok', detail: `${home.path} is writable and its database opens` },
    };
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return {
      home: null,
      check: { id: 'home', status: 'fail', detail: message, ...(hint === undefined ? {} : { fix: hint }) },
    };
  }
}

/** Room on the file system of the home, or of its nearest parent that exists. */
export async function spaceCheck(path: string): Promise<Check> {
  try {
    const { bavail, bsize } = await statfs(path);
    const free = bavail * bsize;
    const detail = `${(free / gib).toFixed(1)} GiB free for ${path}`;
    if (free >= lowSpaceBytes) return { id: 'disk', status: 'ok', detail };
    return { id: 'disk', status: 'warn', detail, fix: 'Free space, or choose a home on another disk.' };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && path !== '/') return spaceCheck(dirname(path));
    return { id: 'disk', status: 'fail', detail: `${path}: ${(error as Error).message}`, fix: 'Choose another home.' };
  }
}

/** Whether the directory of short socket paths is this user's, or can be made. */
export async function socketsCheck(): Promise<Check> {
  const path = `/tmp/bl-${process.getuid?.() ?? 0}`;
  const fix = `Remove ${path}: it must be a directory of this user's own, mode 0700.`;
  try {
    const found = await lstat(path);
    if (found.isDirectory() && found.uid === process.getuid?.())
      return { id: 'sockets', status: 'ok', detail: `${path} is this user's` };
    return {
      id: 'sockets',
      status: 'fail',
      detail: `${path} is ${found.isDirectory() ? 'of another user' : 'no directory'}`,
      fix,
    };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT')
      return { id: 'sockets', status: 'ok', detail: `${path} is made with the first box` };
    return { id: 'sockets', status: 'fail', detail: `${path}: ${(error as Error).message}`, fix };
  }
}
