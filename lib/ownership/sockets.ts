import { realpathSync } from 'node:fs';
import { mkdir, readdir, rename, symlink, unlink } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { BoxliteError } from '../errors';
import { errnoOf } from '../util/files';
import { isBoxId } from './argv';
import {
  asFailure,
  checkParent,
  ensureParent,
  failure,
  isOfHome,
  isStale,
  linksDirectory,
  lstatOrNull,
  socketsDirectory,
  statOrNull,
  unlinkIfThere,
} from './socket-links';

export type SocketName = 'box.sock' | 'agent.sock' | 'net.sock';

/** sizeof(sun_path), its NUL included: unix(7), and unix(4) on macOS. */
const sunPathBytes = process.platform === 'darwin' ? 104 : 108;
/** The longest name that may have to be bound: libkrun, before 1.19, derived it from the network's socket. */
export const longestName = 'net.sock-krun.sock';
// Cleaners of /tmp and other programs may undo any single step; each round starts over from what is there.
const rounds = 50;

/**
 * Short paths for a box's sockets: /tmp/bl-<uid>/<box id> is a link to <home>/boxes/<box id>/sockets.
 *
 * Derived from uid, home and id at each use, never stored. Constructing it touches nothing; throws 'invalid-argument' for
 * a relative home or an id that is no single path segment.
 */
export class BoxSockets {
  readonly linkPath: string;
  readonly directory: string;

  constructor(home: string, boxId: string) {
    if (!isAbsolute(home))
      throw new BoxliteError('invalid-argument', `Expected an absolute path for home but received '${home}'`);
    if (!isBoxId(boxId)) {
      throw new BoxliteError(
        'invalid-argument',
        `Expected a box id of [A-Za-z0-9_.-] but received ${JSON.stringify(boxId)}`,
      );
    }
    this.linkPath = join(linksDirectory(), boxId);
    this.directory = socketsDirectory(home, boxId);
  }

  /** Short path to bind or connect; throws 'socket-dir' if it would not fit sun_path with the longest derived name. */
  path(name: SocketName): string {
    const bytes = Buffer.byteLength(join(this.linkPath, longestName)) + 1;
    if (bytes <= sunPathBytes) return join(this.linkPath, name);
    throw failure(
      `${this.linkPath} leaves no room for a socket: ${bytes} bytes with '${longestName}', ${sunPathBytes} at most`,
      'Use a shorter box id.',
    );
  }

  /**
   * Makes or heals parent, directory and link; safe to run at once from many processes.
   *
   * A wrong mode of the parent is repaired, a link that leads elsewhere replaced. Rejects with 'socket-dir' for a parent
   * of another owner or that is no directory, and for anything but a link in the link's place.
   */
  async ensure(): Promise<void> {
    await this.#attempt(async () => {
      await ensureParent();
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      await this.#ensureLink();
    });
  }

  /** As ensure(), for a box that is there: false, and nothing is made, when its sockets' directory is gone. */
  async heal(): Promise<boolean> {
    if ((await statOrNull(this.directory)) === null) return false;
    await this.#attempt(async () => {
      await ensureParent();
      await this.#ensureLink();
    });
    if ((await statOrNull(this.directory)) !== null) return true;
    // Removed in the meantime, and its link with it, before this one was made.
    await this.remove();
    return false;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    for (let round = 1; ; round++) {
      try {
        return await work();
      } catch (error) {
        const undone = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EEXIST';
        if (!undone || round === rounds) throw asFailure(`Making ${this.linkPath} → ${this.directory} failed`, error);
      }
    }
  }

  /** Takes the link away if it leads to this box's directory or nowhere; anything else in its place stays. */
  async remove(): Promise<void> {
    try {
      const there = await lstatOrNull(this.linkPath);
      if (!there?.isSymbolicLink()) return;
      const target = await statOrNull(this.linkPath);
      if (target === null || (await this.#leadsHere(target))) await unlink(this.linkPath);
    } catch (error) {
      const gone = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR';
      if (!gone) throw asFailure(`Removing ${this.linkPath} failed`, error);
    }
  }

  /** What a jail must let through, whether or not the link exists yet: the way there, and the directory to bind in. */
  policyPaths(): { read: string[]; write: string[] } {
    return {
      read: [dirname(this.linkPath), this.linkPath],
      write: [...new Set([this.directory, realPath(this.directory)])],
    };
  }

  /** Removes this user's links that lead nowhere and belong to boxes of that home; resolves with their paths. */
  static async sweepStale(home: string): Promise<string[]> {
    const swept: string[] = [];
    for (const link of await BoxSockets.findStale(home)) if (await unlinkIfThere(link)) swept.push(link);
    return swept;
  }

  /** Read-only: what sweepStale() would remove. */
  static async findStale(home: string): Promise<string[]> {
    const parent = linksDirectory();
    if (!(await checkParent())) return [];
    const stale: string[] = [];
    for (const name of await readdir(parent))
      if (await isStale(join(parent, name), name, home)) stale.push(join(parent, name));
    return stale;
  }

  /** Read-only: the ids of the boxes of that home that have a link. */
  static async list(home: string): Promise<string[]> {
    const parent = linksDirectory();
    if (!(await checkParent())) return [];
    const ids: string[] = [];
    for (const name of await readdir(parent)) if (await isOfHome(join(parent, name), name, home)) ids.push(name);
    return ids;
  }

  async #ensureLink(): Promise<void> {
    const there = await lstatOrNull(this.linkPath);
    if (there === null) return symlink(this.directory, this.linkPath);
    if (!there.isSymbolicLink()) {
      throw failure(
        `${this.linkPath} is not a link`,
        'Move away what is there: the library makes a link of that name.',
      );
    }
    const target = await statOrNull(this.linkPath);
    if (target === null || !(await this.#leadsHere(target))) await this.#replaceLink();
  }

  // By rename, so that no other program ever finds it missing.
  async #replaceLink(): Promise<void> {
    const temporary = `${this.linkPath}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    await symlink(this.directory, temporary);
    try {
      await rename(temporary, this.linkPath);
    } catch (error) {
      await unlinkIfThere(temporary);
      throw error;
    }
  }

  // By device and inode: a home reached through a link or `..` is the same home.
  async #leadsHere(target: { dev: number; ino: number }): Promise<boolean> {
    const here = await statOrNull(this.directory);
    return here !== null && here.dev === target.dev && here.ino === target.ino;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), path.slice(parent.length));
  }
}
