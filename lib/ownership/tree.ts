import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { BoxliteError } from '../errors';
import { native } from '../native/load';
import type { Call } from '../types';
import { Deadline } from '../util/deadline';
import { errnoOf } from '../util/files';
import { isBoxPopulated, killCgroup } from './cgroup';
import { isSameProcess, type ProcessIdentity, readIdentity } from './identity';
import { findOwnProcesses, watchEnds } from './probe';

const unseenPauseMs = 5;

/**
 * Kills everything a box has: its cgroup first, then each process that is still found by argv, by pidfd; resolves when
 * all are gone.
 *
 * It needs nothing but the id: no row, no pid file, no cgroup. Where there is nothing it resolves with `killed: 0`. Of
 * the processes that name the box it signals its own alone: those in its cgroup, the programs that run a box (boxlite-shim,
 * boxlite-vmm, boxlite-netd, QEMU with the box's marker), and what these started; never one whose identity changed since it was found. Rejects with 'aborted', 'timeout', or 'permission'
 * for a process that this user may not kill; what was killed until then stays killed.
 */
export async function killBoxTree(boxId: string, call: Call = {}): Promise<{ killed: number; byCgroup: boolean }> {
  const deadline = Deadline.of(call, 'killBoxTree');
  const killed = new Set<string>();
  try {
    deadline.throwIfOver();
    let found = findOwnProcesses(boxId);
    const byCgroup = killCgroup(boxId);
    // Again after each round: what was found may have started more before it died.
    for (; found.length > 0 || isBoxPopulated(boxId); found = findOwnProcesses(boxId)) {
      note(killed, found);
      // A process in the cgroup that no /proc shows, in another pid namespace: cgroup.kill reaches it and it can only be awaited.
      if (found.length === 0) await deadline.race(delay(unseenPauseMs));
      else await killAll(found, deadline);
    }
    return { killed: killed.size, byCgroup };
  } finally {
    deadline[Symbol.dispose]();
  }
}

function note(killed: Set<string>, processes: readonly ProcessIdentity[]): void {
  for (const { pid, startTicks } of processes) killed.add(`${pid} ${startTicks}`);
}

async function killAll(processes: readonly ProcessIdentity[], deadline: Deadline): Promise<void> {
  const pidfds: number[] = [];
  // Watching a pidfd does not keep the event loop alive, and the caller waits.
  const keepAlive = setInterval(() => {}, 0x7fff_ffff);
  try {
    for (const process of processes) {
      const pidfd = openSame(process);
      if (pidfd === null) continue;
      pidfds.push(pidfd);
      kill(pidfd, process);
    }
    await allEnded(pidfds, deadline);
  } finally {
    clearInterval(keepAlive);
    for (const pidfd of pidfds) closeSync(pidfd);
  }
}

async function allEnded(pidfds: readonly number[], deadline: Deadline): Promise<void> {
  const watch = watchEnds(pidfds);
  try {
    await deadline.race(watch.ended);
  } finally {
    watch.close();
  }
}

// The pidfd is opened before the identity is checked: once they agree, no other process can take its place.
function openSame(process: ProcessIdentity): number | null {
  const pidfd = native().pidfdOpen(process.pid);
  if (pidfd === null) return null;
  const now = readIdentity(process.pid);
  if (now && isSameProcess(now, process)) return pidfd;
  closeSync(pidfd);
  return null;
}

function kill(pidfd: number, { pid, argv }: ProcessIdentity): void {
  try {
    native().pidfdSend(pidfd, constants.signals.SIGKILL);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    throw new BoxliteError(
      'permission',
      `Killing process ${pid} (${argv[0]}) of the box failed: it belongs to another user`,
      {
        hint: 'Remove the box as the user who made it, or as root.',
        cause: error,
      },
    );
  }
}
