import { stat } from 'node:fs/promises';
import type { RecoveryAction } from '../../ownership/decide';
import type { BoxRow, ListedBox } from '../../store/schema';
import { Deadline } from '../../util/deadline';
import { boxPaths } from '../directory';
import type { Home } from '../home';
import { removeBox } from '../remove';
import { isOwnerAlive } from '../row';
import { isUp } from '../settle';
import { isLocked } from '../state';
import { awaitTransition, tryTransition } from '../transition';
import { act } from './act';
import { decideBox } from './decide';
import { observeBox } from './observe';

// What holds the lock may be a boot, or a removal that waits for processes to die.
const waitMs = 300_000;
const removeMs = 60_000;

/**
 * Makes one box's row true: observe, decide, act, under its transition lock. Whoever holds that already is making it true
 * himself, and is left to it, or with `wait` waited for. Returns what was done, null when somebody else was at it.
 */
export async function recoverBox(home: Home, id: string, { wait = false } = {}): Promise<RecoveryAction | null> {
  const seen = await home.store.boxes.get(id);
  if (!seen || (seen.state === 'creating' && isOwnerAlive(seen))) return null;
  const paths = boxPaths(home.path, id);
  const lock = await (wait ? waitForLock(home, id) : tryTransition(paths.transition));
  if (!lock && (await exists(paths.directory))) return null;
  let action: RecoveryAction;
  let removal: boolean;
  let row: BoxRow | null;
  try {
    row = await home.store.boxes.get(id);
    if (!row) return null;
    const facts = await observeBox(home, row);
    action = decideBox(facts, row.preparing);
    removal = await act(home, row, facts, action);
  } finally {
    await lock?.release();
  }
  if (removal) await finishRemoval(home, row);
  return action;
}

/** True for most boxes of a home: nothing about such a row can have changed by itself. */
export function isAtRest({ state, preparing, autoRemove }: ListedBox): boolean {
  return (state === 'stopped' || state === 'failed') && !preparing && !autoRemove;
}

/** The row as it truly is: one that cannot be taken at its word is made true first. */
export async function trueRow(home: Home, row: BoxRow): Promise<BoxRow | null> {
  if (!(await isDoubtful(home, row))) return row;
  await recoverBox(home, row.id, { wait: isUp(row) });
  return home.store.boxes.get(row.id);
}

/** The same of a box that only a listing told of. */
export async function trueRowOf(home: Home, id: string): Promise<BoxRow | null> {
  const row = await home.store.boxes.get(id);
  return row && trueRow(home, row);
}

async function isDoubtful(home: Home, row: BoxRow): Promise<boolean> {
  if (isAtRest(row)) return false;
  if (row.state === 'removing') return true;
  if (row.state === 'creating') return !isOwnerAlive(row);
  if (row.preparing && !isOwnerAlive(row)) return true;
  if (row.state === 'stopped' || row.state === 'failed') return row.autoRemove;
  return !(await isLocked(home.path, row.id));
}

async function finishRemoval(home: Home, row: BoxRow): Promise<void> {
  using deadline = Deadline.alone(removeMs, 'finishing the removal of the box');
  await removeBox(home, row, true, deadline);
}

async function waitForLock(home: Home, id: string) {
  using deadline = Deadline.alone(waitMs, 'looking after the box');
  return awaitTransition(
    boxPaths(home.path, id).transition,
    async () => (await home.store.boxes.get(id)) === null,
    deadline,
  );
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
