import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../util/files';
import { isBoxId } from './argv';
import { cgroupBases } from './cgroup-tree';

/** Upper bounds for a whole box, each kept where its controller is there. */
export interface CgroupLimits {
  memoryMaxBytes?: number;
  pidsMax?: number;
  cpus?: number;
}

const controllers = ['memory', 'pids', 'cpu'];
// A dying process may keep its cgroup for a moment after it has ended.
const removeTries = 100;
const removePauseMs = 10;
// From the making of a cgroup to the first process in it: far more than that takes.
const staleMs = 60_000;

/**
 * Writes 1 to the box's cgroup.kill, which ends all its processes at once (cgroup-v2, "Core Interface Files").
 *
 * Best effort and idempotent: false where there is no such cgroup, where it is empty already, or where no cgroup v2 can
 * be written. Never throws, and does not wait for the processes to be gone.
 */
export function killCgroup(boxId: string): boolean {
  return boxCgroups(boxId).filter((path) => isPopulated(path) && tryWrite(path, 'cgroup.kill', '1')).length > 0;
}

/** Makes the box's cgroup with as many of the limits as the host can keep; null where this user can make none. */
export function createBoxCgroup(boxId: string, limits: CgroupLimits = {}): string | null {
  const base = cgroupBases().make;
  if (base === null || !isBoxId(boxId)) return null;
  const path = join(base, boxId);
  try {
    mkdirSync(base, { recursive: true });
    // From the top down, and before the box is there: a controller reaches a cgroup only through its parents.
    enableControllers(dirname(base));
    enableControllers(base);
    mkdirSync(path, { recursive: true });
  } catch (error) {
    if (errnoOf(error) !== undefined) return null;
    throw error;
  }
  setLimits(path, limits);
  return path;
}

/** Removes the box's cgroup once it is empty; false when there is none, or processes are still in it. Never throws. */
export async function removeBoxCgroup(boxId: string): Promise<boolean> {
  let removed = false;
  for (const path of boxCgroups(boxId)) removed = (await removeEmpty(path)) || removed;
  return removed;
}

/** Read-only: the ids of the boxes, of any home of this user, that have a cgroup. */
export function listBoxCgroups(): string[] {
  return [...new Set(cgroupBases().look.flatMap(listDirectories))];
}

/**
 * Read-only: the cgroups, of any home of this user, that are empty and have been for so long that no program is about to
 * start a box in them.
 */
export function listStaleCgroups(): { id: string; path: string }[] {
  return cgroupBases().look.flatMap((base) =>
    listDirectories(base)
      .map((id) => ({ id, path: join(base, id) }))
      .filter(({ path }) => !isPopulated(path) && ageMs(path) > staleMs),
  );
}

function ageMs(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? Date.now());
}

/** Removes the empty cgroups of boxes that `isKnown` denies; returns their ids. */
export async function sweepCgroups(isKnown: (boxId: string) => boolean): Promise<string[]> {
  const swept: string[] = [];
  for (const id of listBoxCgroups())
    if (!isKnown(id) && !isBoxPopulated(id) && (await removeBoxCgroup(id))) swept.push(id);
  return swept;
}

/** Read-only: whether the box has a cgroup. */
export function hasBoxCgroup(boxId: string): boolean {
  return boxCgroups(boxId).length > 0;
}

/** Read-only: the pids in the box's cgroup that can be seen from here; empty when there is no cgroup. */
export function cgroupPids(boxId: string): number[] {
  return boxCgroups(boxId).flatMap((path) => tryRead(path, 'cgroup.procs').split('\n').map(Number).filter(Boolean));
}

/** Read-only: whether any process is in the box's cgroup, seen from here or not. */
export function isBoxPopulated(boxId: string): boolean {
  return boxCgroups(boxId).some(isPopulated);
}

/** Read-only: what this user can do with cgroups here, for doctor(). */
export function cgroupSupport(): { base: string | null; controllers: string[] } {
  const base = cgroupBases().make;
  if (base === null) return { base, controllers: [] };
  const offered = tryRead(dirname(base), 'cgroup.controllers').trim().split(' ');
  return { base, controllers: controllers.filter((name) => offered.includes(name)) };
}

function boxCgroups(boxId: string): string[] {
  if (!isBoxId(boxId)) return [];
  return cgroupBases()
    .look.map((base) => join(base, boxId))
    .filter((path) => existsSync(path));
}

function isPopulated(path: string): boolean {
  return /^populated 1$/m.test(tryRead(path, 'cgroup.events'));
}

// One at a time: the kernel refuses the whole line for one that cannot be enabled.
function enableControllers(path: string): void {
  for (const name of controllers) tryWrite(path, 'cgroup.subtree_control', `+${name}`);
}

function setLimits(path: string, { memoryMaxBytes, pidsMax, cpus }: CgroupLimits): void {
  if (memoryMaxBytes !== undefined) tryWrite(path, 'memory.max', `${Math.ceil(memoryMaxBytes)}`);
  if (pidsMax !== undefined) tryWrite(path, 'pids.max', `${pidsMax}`);
  if (cpus !== undefined) tryWrite(path, 'cpu.max', `${Math.round(cpus * 100_000)} 100000`);
}

async function removeEmpty(path: string): Promise<boolean> {
  for (let tries = 0; tries < removeTries; tries++) {
    const outcome = tryRemove(path);
    if (outcome !== 'busy' || isPopulated(path)) return outcome === 'removed';
    await delay(removePauseMs);
  }
  return false;
}

// Children first: the shim may have made some, and rmdir(2) takes empty ones only.
function tryRemove(path: string): 'removed' | 'busy' | 'not-ours' {
  try {
    for (const name of listDirectories(path)) tryRemove(join(path, name));
    rmdirSync(path);
    return 'removed';
  } catch (error) {
    return errnoOf(error) === 'EBUSY' ? 'busy' : 'not-ours';
  }
}

function listDirectories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

function tryRead(path: string, file: string): string {
  try {
    return readFileSync(join(path, file), 'utf8');
  } catch {
    return '';
  }
}

function tryWrite(path: string, file: string, text: string): boolean {
  try {
    // r+: never O_CREAT, which is no flag for a file of the kernel.
    writeFileSync(join(path, file), text, { flag: 'r+' });
    return true;
  } catch {
    return false;
  }
}
