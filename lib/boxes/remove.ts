import { BoxliteError } from '../errors';
import { lostExit, readExitRecord } from '../shim/exit-record';
import type { BoxRow } from '../store/schema';
import type { BoxState } from '../types';
import type { Deadline } from '../util/deadline';
import { runSteps, type Step, type StepHooks } from '../util/steps';
import { boxPaths, removeBoxDirectory } from './directory';
import type { Home } from './home';
import { clearRun } from './state';
import { awaitTransition, type TransitionLock } from './transition';

interface Removal {
  home: Home;
  row: BoxRow;
  transition?: TransitionLock | null;
}

const resting: BoxState[] = ['stopped', 'failed'];
export const allStates: BoxState[] = ['creating', 'running', 'stopping', 'stopped', 'failed', 'removing'];

/** What happens when a box is removed, in order; a removal that was cut off goes on from any step. */
export const removeSteps: readonly Step<Removal>[] = [
  { name: 'kill', run: ({ home, row }) => clearRun(home, row.id) },
  { name: 'lock', run: lock },
  { name: 'kill-again', run: ({ home, row }) => clearRun(home, row.id) },
  { name: 'exit', run: writeExit },
  { name: 'directory', run: ({ home, row }) => removeBoxDirectory(home.path, row.id) },
  { name: 'row', run: async ({ home, row }) => void (await home.store.boxes.remove(row.id)) },
];

/** Removes a box and all that it has. False when there was nothing to remove; 'box-state' for a live box without force. */
export async function removeBox(
  home: Home,
  row: BoxRow,
  force: boolean,
  deadline: Deadline,
  hooks: StepHooks = {},
): Promise<boolean> {
  const from = force ? allStates : [...resting, 'removing' as const];
  if (!(await home.store.boxes.move(row.id, from, 'removing'))) {
    const current = await home.store.boxes.get(row.id);
    if (!current) return false;
    throw new BoxliteError('box-state', `The box is ${current.state}, so it is not removed without force`, {
      box: row.id,
      hint: 'Stop it first, or pass { force: true }.',
    });
  }
  const removal: Removal = { home, row };
  try {
    await runSteps(removeSteps, removal, deadline, hooks);
    return true;
  } finally {
    await removal.transition?.release();
  }
}

/** Whoever creates or starts this box at the moment is made to fail, and then lets go of the lock. */
async function lock(removal: Removal, deadline: Deadline): Promise<void> {
  const { home, row } = removal;
  const gone = async () => (await home.store.boxes.get(row.id)) === null;
  removal.transition = await awaitTransition(boxPaths(home.path, row.id).transition, gone, deadline, () =>
    clearRun(home, row.id),
  );
}

/** A run that was cut off by the removal has an end too: others may be waiting for it. */
async function writeExit({ home, row }: Removal): Promise<void> {
  const current = await home.store.boxes.get(row.id);
  if (!current || current.exit || current.startedAt === null) return;
  const record = await readExitRecord(boxPaths(home.path, row.id).exitRecord);
  await home.store.boxes.patch(row.id, { exit: record ?? { ...lostExit(new Date()), reason: 'killed' } });
}
