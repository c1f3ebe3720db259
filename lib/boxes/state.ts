import { open } from 'node:fs/promises';
import { native } from '../native/load';
import { removeBoxCgroup } from '../ownership/cgroup';
import { isShim } from '../ownership/decide';
import { findOwnProcesses } from '../ownership/probe';
import { BoxSockets } from '../ownership/sockets';
import { killBoxTree } from '../ownership/tree';
import type { BoxState, ExitInfo, ExitReason } from '../types';
import { errnoOf } from '../util/files';
import { boxPaths } from './directory';
import type { Home } from './home';

// Cleaning up has its own budget, whatever the call that it follows had.
export const cleanupMs = 10_000;

/** True while a shim holds the box's lock: the kernel's word on whether the box lives. */
export async function isLocked(home: string, id: string): Promise<boolean> {
  try {
    const file = await open(boxPaths(home, id).lock, 'r');
    try {
      return native().lockHeld(file.fd);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** True while the box's shim lives, also where somebody deleted the file of its lock. */
export async function isLive(home: string, id: string): Promise<boolean> {
  return (await isLocked(home, id)) || findOwnProcesses(id).some(isShim);
}

const failures = new Set<ExitReason>(['crash', 'oom', 'lost']);

export function stateAfter(exit: ExitInfo): BoxState {
  return failures.has(exit.reason) ? 'failed' : 'stopped';
}

/** Ends every process of the box and takes away its links and cgroup; its directory and row stay. */
export async function clearRun(home: Home, id: string): Promise<void> {
  const { killed } = await killBoxTree(id, { timeoutMs: cleanupMs });
  if (killed > 0) home.log('warn', `ended ${killed} processes that were left of the box`, id);
  await new BoxSockets(home.path, id).remove();
  await removeBoxCgroup(id);
}
