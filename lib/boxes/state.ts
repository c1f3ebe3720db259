import { open } from 'node:fs/promises';
import { native } from '../native/load';
import { removeBoxCgroup } from '../ownership/cgroup';
import { BoxSockets } from '../ownership/sockets';
import { killBoxTree } from '../ownership/tree';
import { lostExit, readExitRecord } from '../shim/exit-record';
import type { BoxRow } from '../store/schema';
import type { BoxState, ExitInfo, ExitReason } from '../types';
import { Deadline } from '../util/deadline';
import { errnoOf } from '../util/files';
import { boxPaths } from './directory';
import type { Home } from './home';
import { awaitTransition } from './transition';

// Cleaning up has its own budget, whatever the call that it follows had.
export const cleanupMs = 10_000;
// A start or removal that holds the lock may be booting or waiting itself.
const settleMs = 300_000;

/** True while a shim holds the box's lock: the kernel's word on whether the box lives. */
export async function isLive(home: string, id: string): Promise<boolean> {
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

/**
 * Writes down the end of one run, once, by whoever sees it first; returns how it ended, or null while its shim lives.
 * With `kill` a shim that still lives is ended. Under the transition lock: another run of the box is never touched.
 */
export async function settleRun(home: Home, row: BoxRow, { kill = false } = {}): Promise<ExitInfo | null> {
  using deadline = Deadline.alone(settleMs, 'writing down the end of the box');
  const paths = boxPaths(home.path, row.id);
  const gone = async () => (await home.store.boxes.get(row.id)) === null;
  const lock = await awaitTransition(paths.transition, gone, deadline);
  try {
    const record = await readExitRecord(paths.exitRecord);
    const current = await home.store.boxes.get(row.id);
    if (!current || current.state === 'removing') return record ?? { ...lostExit(new Date()), reason: 'killed' };
    if (current.nonce !== row.nonce || !isUp(current)) return current.exit ?? record ?? lostExit(new Date());
    if (!kill && (await isLive(home.path, row.id))) return null;
    return await settleHeld(home, current);
  } finally {
    await lock?.release();
  }
}

async function settleHeld(home: Home, row: BoxRow): Promise<ExitInfo> {
  await clearRun(home, row.id);
  const exit = (await readExitRecord(boxPaths(home.path, row.id).exitRecord)) ?? unrecorded(row.state);
  await home.store.boxes.move(
    row.id,
    ['running', 'stopping'],
    stateAfter(exit),
    { exit, shimPid: null },
    { nonce: row.nonce },
  );
  return exit;
}

function isUp(row: BoxRow): boolean {
  return row.state === 'running' || row.state === 'stopping';
}

/** A shim that left no record was killed: on request when a stop was under way, else nobody knows. */
function unrecorded(state: BoxState): ExitInfo {
  const exit = lostExit(new Date());
  return state === 'stopping' ? { ...exit, reason: 'killed' } : exit;
}

/** The row as it truly is: one that says running or stopping while its shim is gone is settled first. */
export async function trueRow(home: Home, row: BoxRow): Promise<BoxRow | null> {
  if (!isUp(row)) return row;
  if (await isLive(home.path, row.id)) return row;
  await settleRun(home, row);
  return home.store.boxes.get(row.id);
}
