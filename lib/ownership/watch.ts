import { setTimeout as delay } from 'node:timers/promises';
import { findOwnProcesses, watchProcess } from './probe';

const unseenPauseMs = 100;

/**
 * Resolves when a process of the box that is there now has ended. Read-only, and never keeps the event loop alive.
 * Where no process can be seen, as in another pid namespace, it resolves after a short pause: look again.
 */
export async function boxOwnerEnd(boxId: string): Promise<void> {
  const [owner] = findOwnProcesses(boxId);
  if (owner) await watchProcess(owner.pid, boxId);
  else await delay(unseenPauseMs, undefined, { ref: false });
}
