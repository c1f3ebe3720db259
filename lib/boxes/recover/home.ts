import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { listBoxCgroups, removeBoxCgroup } from '../../ownership/cgroup';
import { BoxSockets } from '../../ownership/sockets';
import type { BoxRow } from '../../store/schema';
import { boxPaths, removeBoxDirectory } from '../directory';
import type { Home } from '../home';
import { BoxRun } from '../run';
import { isLocked } from '../state';
import { recoverBox } from './box';

// Each may wait for a shim that does not answer.
const atOnce = 8;

/**
 * Makes a home true again after any end of any program: at its first use, and on demand. Many programs may do it at once:
 * each box is looked at under its own transition lock. The cost follows what is alive or on its way, not what is stopped.
 */
export async function recoverHome(home: Home): Promise<void> {
  await attempt(home, 'looking after the boxes', () => recoverRows(home));
  await attempt(home, 'looking after the links', () => recoverStrays(home));
  await attempt(home, 'finishing removals', () => finishDirectories(home));
}

/** Boxes that are alive or on their way, by their rows. */
async function recoverRows(home: Home): Promise<void> {
  const rows = await home.store.boxes.unsettled();
  for (let first = 0; first < rows.length; first += atOnce) {
    await Promise.all(rows.slice(first, first + atOnce).map((row) => recoverRow(home, row)));
  }
}

async function recoverRow(home: Home, row: BoxRow): Promise<void> {
  await attempt(home, `looking after the box ${row.id}`, async () => {
    const action = await recoverBox(home, row.id);
    // Its shim is ending it: this program stays to write that down.
    if (action === 'leave' && !row.detached && row.state !== 'creating') void new BoxRun(home, row).exited;
  });
}

/** What a box that rests should not have: a link or a cgroup. It may live, though its row, of a backup, denies it. */
async function recoverStrays(home: Home): Promise<void> {
  const strays = new Set([...(await BoxSockets.list(home.path)), ...listBoxCgroups()]);
  if (strays.size === 0) return;
  for (const id of strays) {
    const state = (await home.store.boxes.get(id))?.state;
    if (state === 'stopped' || state === 'failed') await recoverStray(home, id);
  }
  await BoxSockets.sweepStale(home.path);
}

async function recoverStray(home: Home, id: string): Promise<void> {
  await attempt(home, `looking after the box ${id}`, async () => {
    const action = await recoverBox(home, id);
    if (action !== 'leave' || (await isLocked(home.path, id))) return;
    await new BoxSockets(home.path, id).remove();
    await removeBoxCgroup(id);
  });
}

/** Removals that were cut off behind their row. A directory without a row that still has a disk is left to prune(). */
async function finishDirectories(home: Home): Promise<void> {
  for (const name of await namesIn(join(home.path, 'trash')))
    await rm(join(home.path, 'trash', name), { recursive: true, force: true });
  for (const id of await orphanDirectories(home)) {
    const hasDisk = await stat(boxPaths(home.path, id).disk).then(
      () => true,
      () => false,
    );
    if (!hasDisk && !(await isLocked(home.path, id))) await removeBoxDirectory(home.path, id);
  }
}

/** The directories of boxes that have no row, by their ids. */
export async function orphanDirectories(home: Home): Promise<string[]> {
  // In this order: a box's row comes before its directory.
  const names = await namesIn(join(home.path, 'boxes'));
  if (names.length === 0) return [];
  const known = new Set(await home.store.boxes.ids());
  return names.filter((name) => !known.has(name));
}

async function attempt(home: Home, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    home.log('error', `${what} failed: ${(error as Error).message}`);
  }
}

function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}
