import { closeSync, readdirSync } from 'node:fs';
import type { PidfdWatch } from '../native/contract';
import { native } from '../native/load';
import { addonName } from '../native/locate';
import { argvNamesBox } from './argv';
import { belongsToBox, boxOfProgram } from './belongs';
import { cgroupPids, hasBoxCgroup } from './cgroup';
import { hasMapped, type ProcessIdentity, readArgv, readIdentity, readParent, readUid } from './identity';

// A bound for hosts that start processes faster than they can be listed.
const maxListings = 100;

/**
 * Read-only: every live process of a box, found by exact argv element, whether or not a pid file exists.
 *
 * It scans /proc/PID/cmdline and never signals what it finds; an empty list means that nothing of the box is alive. A
 * program that has loaded this library is never of a box, and neither are its ancestors, though their arguments name it
 * (`node remove.js <id>`); unless the caller is root, neither are the processes of other users. Any other process with
 * the id as an argument is listed, an editor of yours too: {@link killBoxTree} signals only those that are the box's own.
 */
export function findBoxProcesses(boxId: string): ProcessIdentity[] {
  const named: ProcessIdentity[] = [];
  for (const pid of eachPid()) {
    if (!argvNamesBox(readArgv(pid) ?? [], boxId) || !isOurs(pid)) continue;
    const identity = readIdentity(pid);
    if (identity && argvNamesBox(identity.argv, boxId)) named.push(identity);
  }
  if (named.length === 0) return named;
  const users = named.map(({ pid }) => pid).filter(usesThisLibrary);
  const excluded = new Set([process.pid, ...users].flatMap(selfAndAncestors));
  return named.filter(({ pid }) => !excluded.has(pid));
}

/** Read-only: every live process that is the box's own and may be signalled, also those in its cgroup that do not name it. */
export function findOwnProcesses(boxId: string): ProcessIdentity[] {
  const members = new Set(cgroupPids(boxId));
  const found = findBoxProcesses(boxId);
  const others = [...members].filter((pid) => !found.some((process) => process.pid === pid)).map(readIdentity);
  return [...found, ...others.filter((member) => member !== null)].filter(({ pid, argv }) => {
    const ancestors = selfAndAncestors(pid)
      .slice(1)
      .map((ancestor) => readArgv(ancestor) ?? []);
    return belongsToBox(boxId, { argv, inCgroup: members.has(pid), ancestors });
  });
}

/** Read-only: the box's own processes that are not in its cgroup; none where it has no cgroup. */
export function findOutsideCgroup(boxId: string): ProcessIdentity[] {
  if (!hasBoxCgroup(boxId)) return [];
  const members = new Set(cgroupPids(boxId));
  return findOwnProcesses(boxId).filter(({ pid }) => !members.has(pid));
}

/** Read-only: every live process that runs a box, of any home of this user, with the box's id. One scan of /proc. */
export function findAllBoxPrograms(): { boxId: string; identity: ProcessIdentity }[] {
  const found: { boxId: string; identity: ProcessIdentity }[] = [];
  for (const pid of eachPid()) {
    if (boxOfProgram(readArgv(pid) ?? []) === null || !isOurs(pid)) continue;
    const identity = readIdentity(pid);
    const boxId = identity && boxOfProgram(identity.argv);
    if (identity && boxId) found.push({ boxId, identity });
  }
  return found;
}

/** Read-only: resolves when no process of that number names the box any more. It never keeps the event loop alive. */
export async function watchProcess(pid: number, boxId: string): Promise<void> {
  const pidfd = native().pidfdOpen(pid);
  if (pidfd === null) return;
  try {
    // After the pidfd was opened: from here on both mean the same process.
    const identity = readIdentity(pid);
    if (!identity || !argvNamesBox(identity.argv, boxId)) return;
    await watchEnds([pidfd]).ended;
  } finally {
    closeSync(pidfd);
  }
}

/** `ended` resolves when every process that these pidfds mean has ended; closing it earlier leaves it open for ever. */
export function watchEnds(pidfds: readonly number[]): { ended: Promise<unknown>; close(): void } {
  const watches: PidfdWatch[] = [];
  const ended = pidfds.map((fd) => new Promise<void>((resolve) => watches.push(native().pidfdWatch(fd, resolve))));
  const close = () => {
    for (const watch of watches) watch.close();
  };
  return { ended: Promise.all(ended), close };
}

// Until a listing shows nobody new: a process that ended before it was looked at may have started another.
function* eachPid(): Generator<number> {
  const seen = new Set<string>();
  for (let listing = 0; listing < maxListings; listing++) {
    const fresh = readdirSync('/proc').filter((name) => !seen.has(name));
    if (fresh.length === 0) return;
    for (const name of fresh) {
      seen.add(name);
      if (/^\d+$/.test(name)) yield Number(name);
    }
  }
}

function selfAndAncestors(self: number): number[] {
  const pids: number[] = [];
  for (let pid: number | null = self; pid !== null && !pids.includes(pid); pid = readParent(pid)) pids.push(pid);
  return pids;
}

function usesThisLibrary(pid: number): boolean {
  return hasMapped(pid, addonName);
}

function isOurs(pid: number): boolean {
  const uid = process.geteuid?.();
  return uid === 0 || readUid(pid) === uid;
}
