import { closeSync, readdirSync } from 'node:fs';
import { native } from '../native/load';
import { argvNamesBox } from './argv';
import { type ProcessIdentity, readArgv, readIdentity, readParent, readUid } from './identity';

/**
 * Read-only: every live process of a box, found by exact argv element, whether or not a pid file exists.
 *
 * It scans /proc/PID/cmdline and never signals what it finds; an empty list means that nothing of the box is alive. The
 * calling process and its ancestors are never of a box, whatever their arguments (`node remove.js <id>`), and unless
 * the caller is root, neither are the processes of other users.
 */
export function findBoxProcesses(boxId: string): ProcessIdentity[] {
  const own = selfAndAncestors();
  const found: ProcessIdentity[] = [];
  for (const pid of listPids()) {
    if (own.has(pid) || !argvNamesBox(readArgv(pid) ?? [], boxId) || !isOurs(pid)) continue;
    const identity = readIdentity(pid);
    if (identity && argvNamesBox(identity.argv, boxId)) found.push(identity);
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
    await hasEnded(pidfd);
  } finally {
    closeSync(pidfd);
  }
}

/** Resolves when the process that this pidfd means has ended; the signal ends the watch, and then it stays open. */
export function hasEnded(pidfd: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const watch = native().pidfdWatch(pidfd, () => {
      signal?.removeEventListener('abort', close);
      resolve();
    });
    const close = () => watch.close();
    if (signal?.aborted) close();
    else signal?.addEventListener('abort', close, { once: true });
  });
}

function listPids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid));
}

function selfAndAncestors(): Set<number> {
  const pids = new Set<number>();
  for (let pid: number | null = process.pid; pid !== null && !pids.has(pid); pid = readParent(pid)) pids.add(pid);
  return pids;
}

function isOurs(pid: number): boolean {
  const uid = process.geteuid?.();
  return uid === 0 || readUid(pid) === uid;
}
