import { BoxliteError } from '../errors';
import { BoxSockets } from '../ownership/sockets';
import { ShimConnection } from '../shim/connection';
import type { BoxRow } from '../store/schema';
import type { ExitInfo } from '../types';
import { Deadline } from '../util/deadline';
import type { Home } from './home';
import type { BoxRun } from './run';
import { settleRun } from './state';

// Past the grace the shim's own clock kills; this long after, the whole tree is killed from here. Generous: a host may be slow.
const shimMarginMs = 20_000;
const askMs = 5_000;

export interface StopSettings {
  graceMs: number;
  force: boolean;
}

/** Stops a running box: the shim runs the clock, so that the stop goes on even if this program dies. */
export async function stopBox(
  home: Home,
  row: BoxRow,
  run: BoxRun,
  settings: StopSettings,
  deadline: Deadline,
): Promise<ExitInfo> {
  const graceMs = settings.force ? 0 : settings.graceMs;
  await home.store.boxes.move(row.id, 'running', 'stopping');
  await askShim(home, row, { graceMs, force: settings.force });
  using late = deadline.within(graceMs + shimMarginMs, 'timeout', 'The shim did not end the box in time');
  try {
    return await late.race(run.exited);
  } catch (error) {
    // The caller's own deadline leaves the stop to the shim; a shim that hangs is killed with all that it owns.
    deadline.throwIfOver();
    if (!BoxliteError.is(error, 'timeout')) throw error;
    return killRun(home, row, run);
  }
}

/** Tells the shim; one that does not answer is dead or dying, which its exit tells. */
async function askShim(home: Home, row: BoxRow, { graceMs, force }: StopSettings): Promise<void> {
  const sockets = new BoxSockets(home.path, row.id);
  using budget = Deadline.alone(askMs, 'asking the shim to stop');
  try {
    await sockets.ensure();
    const connection = await ShimConnection.open(sockets.path('box.sock'), row.nonce, budget);
    connection.stop(graceMs, force);
    // The end of the connection is the answer; until then it stays, so that the request is surely read.
    void connection.closed;
  } catch (error) {
    home.log('warn', `the shim could not be asked to stop: ${(error as Error).message}`, row.id);
    if (!BoxliteError.is(error, 'box-died')) await settleRun(home, row, { kill: true });
  }
}

async function killRun(home: Home, row: BoxRow, run: BoxRun): Promise<ExitInfo> {
  home.log('error', 'the shim did not end the box in time and is killed', row.id);
  return (await settleRun(home, row, { kill: true })) ?? run.exited;
}
