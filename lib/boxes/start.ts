import { BoxliteError } from '../errors';
import type { BoxRow } from '../store/schema';
import type { BootTimings } from '../types';
import type { Deadline } from '../util/deadline';
import { asHostFailure } from '../util/host-failure';
import { newNonce } from '../util/id';
import { runSteps, type Step, type StepHooks } from '../util/steps';
import { type Boot, ensureSockets, markRunning, startShim, undoShim, undoSockets } from './boot';
import { boxPaths } from './directory';
import type { Home } from './home';
import { awaitReady } from './ready';
import { ownerIdentity } from './row';
import { BoxRun } from './run';
import { clearRun } from './state';
import { awaitTransition } from './transition';

interface Start extends Boot {
  began: number;
}

/** What happens when a stopped box is booted again on its own disk. */
export const startSteps: readonly Step<Start>[] = [
  { name: 'clear', run: ({ home, row }) => clearRun(home, row.id) },
  { name: 'row', run: claim },
  { name: 'sockets', run: ensureSockets, undo: undoSockets },
  { name: 'shim', run: startShim, undo: undoShim },
  { name: 'ready', run: awaitReady },
  { name: 'running', run: (start) => markRunning(start, timings(start)) },
];

/** Boots a stopped or failed box; a running one is left as it is (null). On failure it is stopped as before. */
export async function startBox(
  home: Home,
  id: string,
  deadline: Deadline,
  hooks: StepHooks = {},
): Promise<{ row: BoxRow; run: BoxRun } | null> {
  const began = performance.now();
  const gone = async () => (await home.store.boxes.get(id)) === null;
  const transition = await awaitTransition(boxPaths(home.path, id).transition, gone, deadline);
  try {
    const row = await home.store.boxes.get(id);
    if (row?.state === 'running') return null;
    if (row?.state !== 'stopped' && row?.state !== 'failed') throw notStartable(id, row);
    const engine = await home.engine();
    const start: Start = { home, row: { ...row, engine: engine.name, nonce: newNonce() }, engine, began };
    await runSteps(startSteps, start, deadline, {
      undoFailed: (step, error) => home.log('error', `undoing '${step}' failed: ${error}`, id),
      ...hooks,
    });
    const running: BoxRow = { ...start.row, state: 'running', boot: timings(start) };
    return { row: running, run: new BoxRun(home, running, start.shim?.exited) };
  } catch (error) {
    throw asHostFailure('start', error, 'boot-failed');
  } finally {
    await transition?.release();
  }
}

/** Before anything runs, so that whoever comes after this program's end can talk to what it had begun. */
async function claim({ home, row }: Start): Promise<void> {
  await home.store.boxes.patch(row.id, { nonce: row.nonce, engine: row.engine, ...ownerIdentity() });
}

function notStartable(id: string, row: BoxRow | null): BoxliteError {
  if (!row) return new BoxliteError('box-not-found', `No box ${id} in this home`, { box: id });
  return new BoxliteError('box-state', `The box is ${row.state}, so it cannot be started`, {
    box: id,
    retryable: row.state === 'stopping',
  });
}

function timings({ began, bootMs = 0, ready }: Start): BootTimings {
  const { kernelMs = 0, agentMs = 0 } = ready ?? {};
  const shimMs = Math.max(0, bootMs - kernelMs - agentMs);
  return { totalMs: performance.now() - began, imageMs: 0, disksMs: 0, shimMs, kernelMs, agentMs, imageCached: true };
}
