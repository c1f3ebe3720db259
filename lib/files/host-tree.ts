import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, lutimes, mkdir, open, rename, rm, symlink, unlink } from 'node:fs/promises';
import { errnoOf } from '../util/files';
import { checkName, type TreeMeta } from './tree-records';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/** A directory of this host, held open: its entries are reached through it, whatever becomes of its path. */
export class HostDirectory implements AsyncDisposable {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The caller's own path: links in it are followed. */
  static async open(path: string): Promise<HostDirectory> {
    return new HostDirectory(await open(path, O_RDONLY | O_DIRECTORY));
  }

  /** A directory in this one; a link in its place is replaced. Says whether it is new. */
  async enter(name: Buffer, mode: number): Promise<{ directory: HostDirectory; isNew: boolean }> {
    const isNew = await this.#makeDirectory(name, (mode & 0o777) | 0o700);
    return { directory: await this.#openChild(name), isNew };
  }

  /** A file that is not there under its name yet, and that only we may touch. */
  async begin(): Promise<UnfinishedFile> {
    const name = unusedName();
    const handle = await open(this.#at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    return new UnfinishedFile(handle, {
      settle: (as) => rename(this.#at(name), this.#at(as)),
      drop: () => unlink(this.#at(name)),
    });
  }

  async link(name: Buffer, target: Buffer, meta: TreeMeta): Promise<void> {
    await this.#replace(name, async (made) => {
      await symlink(target, made);
      await lutimes(made, now(), secondsOf(meta));
    });
  }

  /** Another name of a file below `root`, which is reached without following a link. */
  async hardLink(name: Buffer, root: HostDirectory, path: Buffer): Promise<void> {
    const parts = path.toString('latin1').split('/');
    const file = checkName(Buffer.from(parts.pop() ?? '', 'latin1'));
    const opened: HostDirectory[] = [];
    try {
      let parent = root;
      for (const part of parts) {
        parent = await parent.#openChild(checkName(Buffer.from(part, 'latin1')));
        opened.push(parent);
      }
      const from = parent.#at(file);
      await this.#replace(name, (made) => link(from, made));
    } finally {
      for (const directory of opened) await directory[Symbol.asyncDispose]();
    }
  }

  async isThere(name: Buffer): Promise<boolean> {
    try {
      await lstat(this.#at(name));
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async remove(name: Buffer): Promise<void> {
    await rm(this.#at(name), { recursive: true, force: true });
  }

  /** The mode and time of a directory that we made, once everything is in it. */
  async settle(meta: TreeMeta): Promise<void> {
    await settle(this.#handle, meta);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #makeDirectory(name: Buffer, mode: number): Promise<boolean> {
    try {
      await mkdir(this.#at(name), mode);
      return true;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const status = await lstat(this.#at(name));
    if (!status.isSymbolicLink()) return false;
    await unlink(this.#at(name));
    await mkdir(this.#at(name), mode);
    return true;
  }

  async #openChild(name: Buffer): Promise<HostDirectory> {
    return new HostDirectory(await open(this.#at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  }

  async #replace(name: Buffer, make: (path: Buffer) => Promise<void>): Promise<void> {
    const made = unusedName();
    try {
      await make(this.#at(made));
      await rename(this.#at(made), this.#at(name));
    } finally {
      // Also after a rename of one of a file's names over another, which does nothing.
      await rm(this.#at(made), { force: true });
    }
  }

  // Node has no openat(2); the kernel resolves this to the open directory itself, never through its path.
  #at(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`/proc/self/fd/${this.#handle.fd}/`), name]);
  }
}

/** A file while it is being written, beside its place. */
export class UnfinishedFile {
  readonly #handle: FileHandle;
  readonly #place: { settle(name: Buffer): Promise<void>; drop(): Promise<void> };

  constructor(handle: FileHandle, place: { settle(name: Buffer): Promise<void>; drop(): Promise<void> }) {
    this.#handle = handle;
    this.#place = place;
  }

  async write(bytes: Buffer, offset: number): Promise<void> {
    for (let at = 0; at < bytes.length; )
      at += (await this.#handle.write(bytes, at, bytes.length - at, offset + at)).bytesWritten;
  }

  /** Puts it in its place, whole. */
  async finish(name: Buffer, size: number, meta: TreeMeta): Promise<void> {
    await this.#handle.truncate(size);
    await settle(this.#handle, meta);
    await this.#place.settle(name);
    await this.#handle.close();
  }

  async drop(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await this.#place.drop().catch(() => {});
  }
}

async function settle(handle: FileHandle, meta: TreeMeta): Promise<void> {
  // A guest's files never get the rights of their owner here (setuid, setgid).
  await handle.chmod(meta.mode & 0o777);
  await handle.utimes(now(), secondsOf(meta));
}

function now(): number {
  return Date.now() / 1000;
}

/** Node takes seconds as a number, which it cuts: half its resolution is added, so that milliseconds stay what they are. */
function secondsOf({ seconds, nanoseconds }: TreeMeta): number {
  return Number(seconds) + (nanoseconds === 0 ? 0 : nanoseconds / 1e9 + 1.2e-7);
}

function unusedName(): Buffer {
  return Buffer.from(`.boxlite-${randomBytes(8).toString('hex')}`);
}
