import { stat } from 'node:fs/promises';
import { homeOfProcess } from '../../ownership/home-of';
import type { ProcessIdentity } from '../../ownership/identity';
import { findAllBoxPrograms } from '../../ownership/probe';
import type { Home } from '../home';

export interface Orphan {
  boxId: string;
  processes: ProcessIdentity[];
}

/**
 * The processes of boxes that no row of this home tells of, though they work in it: the row was deleted, or the home is a
 * backup. Those of another home, and those that do not show which is theirs, are nobody's business here.
 */
export async function findOrphans(home: Home): Promise<Orphan[]> {
  const found = new Map<string, ProcessIdentity[]>();
  for (const { boxId, identity } of findAllBoxPrograms()) found.set(boxId, [...(found.get(boxId) ?? []), identity]);
  if (found.size === 0) return [];
  // After the processes: a box's row comes before them.
  const known = new Set(await home.store.boxes.ids());
  const orphans: Orphan[] = [];
  for (const [boxId, processes] of found) {
    if (!known.has(boxId) && (await worksIn(home, boxId, processes))) orphans.push({ boxId, processes });
  }
  return orphans;
}

async function worksIn(home: Home, boxId: string, processes: readonly ProcessIdentity[]): Promise<boolean> {
  for (const { pid } of processes) {
    const shown = homeOfProcess(pid, boxId);
    if (shown !== null) return isSamePlace(shown, home.path);
  }
  return false;
}

async function isSamePlace(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => null)));
  return Boolean(a && b && a.dev === b.dev && a.ino === b.ino);
}
