import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isBoxPopulated, listStaleCgroups, removeBoxCgroup } from '../../ownership/cgroup';
import { BoxSockets } from '../../ownership/sockets';
import { killBoxTree } from '../../ownership/tree';
import type { Deadline } from '../../util/deadline';
import { boxPaths, removeBoxDirectory } from '../directory';
import type { Home } from '../home';
import { orphanDirectories } from '../recover/home';
import { cleanupMs, isLive } from '../state';
import { findOrphans } from './orphans';

export interface PruneSettings {
  dryRun: boolean;
  maxDiskMiB?: number;
}

export interface Swept {
  freedBytes: number;
  /** What was deleted or ended, or would be, as texts for people. */
  items: string[];
}

/** Deletes one kind of thing that nobody needs any more. */
export type Sweeper = (home: Home, settings: PruneSettings, deadline: Deadline) => Promise<Swept>;

export const sweepProcesses: Sweeper = async (home, { dryRun }) => {
  const items: string[] = [];
  for (const { boxId, processes } of await findOrphans(home)) {
    items.push(...processes.map(({ pid, argv }) => `process ${pid} (${argv[0]}) of the box ${boxId}`));
    if (!dryRun) await killBoxTree(boxId, { timeoutMs: cleanupMs });
  }
  return { freedBytes: 0, items };
};

export const sweepDirectories: Sweeper = async (home, { dryRun }, deadline) => {
  const swept: Swept = { freedBytes: 0, items: [] };
  for (const id of await orphanDirectories(home)) {
    deadline.throwIfOver();
    // Its processes were ended before, unless they are of another home that shares this directory.
    if (!dryRun && (await isLive(home.path, id))) continue;
    const { directory } = boxPaths(home.path, id);
    swept.freedBytes += await sizeOf(directory);
    swept.items.push(`directory ${directory}`);
    if (!dryRun) await removeBoxDirectory(home.path, id);
  }
  return swept;
};

export const sweepLinks: Sweeper = async (home, { dryRun }) => {
  const links = dryRun ? await BoxSockets.findStale(home.path) : await BoxSockets.sweepStale(home.path);
  return { freedBytes: 0, items: links.map((link) => `link ${link}`) };
};

export const sweepCgroups: Sweeper = async (home, { dryRun }) => {
  const known = new Set(await home.store.boxes.ids());
  const items: string[] = [];
  for (const { id, path } of listStaleCgroups()) {
    if (known.has(id) || isBoxPopulated(id)) continue;
    if (dryRun || (await removeBoxCgroup(id))) items.push(`cgroup ${path}`);
  }
  return { freedBytes: 0, items };
};

/** What a tree takes on its disk; blocks of 512 bytes, whatever the file system's own: stat(2). */
async function sizeOf(path: string): Promise<number> {
  const names = await readdir(path, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(path, name)).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
