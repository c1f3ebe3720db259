import { networkEvent } from '../network/news';
import { lostExit, readExitRecord, readUnkept } from '../shim/exit-record';
import type { BoxRow } from '../store/schema';
import type { BoxState, ExitInfo } from '../types';
import { Deadline } from '../util/deadline';
import { boxPaths } from './directory';
import type { Home } from './home';
import { removeBox } from './remove';
import { clearRun, isLive, stateAfter } from './state';
import { awaitTransition } from './transition';

// A start or removal that holds the lock may be booting or waiting itself.
const settleMs = 300_000;

/**
 * Writes down the end of one run, once, by whoever sees it first; returns how it ended, or null while its shim lives.
 * With `kill` a shim that still lives is ended. Under the transition lock: another run of the box is never touched. A box
 * that is to be removed with its end is gone when this is done.
 */
export async function settleRun(home: Home, row: BoxRow, { kill = false } = {}): Promise<ExitInfo | null> {
  using deadline = Deadline.alone(settleMs, 'writing down the end of the box');
  const gone = async () => (await home.store.boxes.get(row.id)) === null;
  const lock = await awaitTransition(boxPaths(home.path, row.id).transition, gone, deadline);
  let exit: ExitInfo;
  try {
    const current = await home.store.boxes.get(row.id);
    if (!current || current.nonce !== row.nonce || !isUp(current)) return await earlierExit(home, current ?? row);
    if (!kill && (await isLive(home.path, row.id))) return null;
    exit = await settleHeld(home, current);
  } finally {
    await lock?.release();
  }
  if (row.autoRemove) await removeBox(home, row, false, deadline);
  return exit;
}

/** The end of a run that is surely over, with the transition lock held. */
export async function settleHeld(home: Home, row: BoxRow): Promise<ExitInfo> {
  await clearRun(home, row.id);
  const record = boxPaths(home.path, row.id).exitRecord;
  const exit = (await readExitRecord(record)) ?? unrecorded(row.state);
  for (const notice of await readUnkept(record)) {
    const event = networkEvent(notice);
    if (event) await home.store.events.add(row.id, event.type, event.detail);
  }
  // In one step with its end, so that whoever comes after this program's own end goes on with the removal.
  const state = row.autoRemove ? 'removing' : stateAfter(exit);
  await home.store.boxes.move(row.id, ['running', 'stopping'], state, { exit, shimPid: null }, { nonce: row.nonce });
  return exit;
}

export function isUp(row: BoxRow): boolean {
  return row.state === 'running' || row.state === 'stopping';
}

/** The end that somebody else has written down, also of a box that is gone since. */
async function earlierExit(home: Home, row: BoxRow): Promise<ExitInfo> {
  if (row.exit) return row.exit;
  const record = await readExitRecord(boxPaths(home.path, row.id).exitRecord);
  const removed: ExitInfo = { ...lostExit(new Date()), reason: 'killed' };
  return record ?? (await home.store.events.lastExit(row.id)) ?? removed;
}

/** A shim that left no record was killed: on request when a stop was under way, else nobody knows. */
function unrecorded(state: BoxState): ExitInfo {
  const exit = lostExit(new Date());
  return state === 'stopping' ? { ...exit, reason: 'killed' } : exit;
}
