import { BoxliteError } from '../errors';
import type { BoxRow } from '../store/schema';
import type { ExitInfo } from '../types';
import { Deadline } from '../util/deadline';
import { runSteps, type Step, type StepHooks } from '../util/steps';
import { dial } from './dial';
import type { Home } from './home';
import type { BoxRun } from './run';
import { settleRun } from './settle';

// Past the grace the shim's own clock kills; this long after, the whole tree is killed from here. Generous: a host may be slow.
const shimMarginMs = 20_000;
const askMs = 5_000;

export interface StopSettings {
  graceMs: number;
  force: boolean;
}

interface Stop {
  home: Home;
  row: BoxRow;
  run: BoxRun;
  settings: StopSettings;
  /** The caller's, which bounds the waiting alone: a stop that was begun goes on. */
  patience: Deadline;
  exit?: ExitInfo;
}

/** What happens when a box is stopped, in order; from 'ask' on the shim goes on by itself. */
export const stopSteps: readonly Step<Stop>[] = [
  { name: 'row', run: async ({ home, row }) => void (await home.store.boxes.move(row.id, 'running', 'stopping')) },
  { name: 'ask', run: ({ home, row, settings }) => askShim(home, row, settings) },
  { name: 'end', run: awaitEnd },
];

/** Stops a running box: the shim runs the clock, so that the stop goes on even if this program dies. */
export async function stopBox(
  home: Home,
  row: BoxRow,
  run: BoxRun,
  { graceMs, force }: StopSettings,
  deadline: Deadline,
  hooks: StepHooks = {},
): Promise<ExitInfo> {
  deadline.throwIfOver();
  const settings = { graceMs: force ? 0 : graceMs, force };
  const stop: Stop = { home, row, run, settings, patience: deadline };
  // Between the first two steps nothing may cut it off: the row would say what nobody does.
  using endless = Deadline.of({}, 'stop');
  await runSteps(stopSteps, stop, endless, hooks);
  return stop.exit ?? run.exited;
}

async function awaitEnd(stop: Stop): Promise<void> {
  const { home, row, run, settings, patience } = stop;
  using late = patience.within(settings.graceMs + shimMarginMs, 'timeout', 'The shim did not end the box in time');
  try {
    stop.exit = await late.race(run.exited);
  } catch (error) {
    // The caller's own deadline leaves the stop to the shim; a shim that hangs is killed with all that it owns.
    patience.throwIfOver();
    if (!BoxliteError.is(error, 'timeout')) throw error;
    stop.exit = await killRun(home, row, run);
  }
}

/** Tells the shim; one that does not answer is dead or dying, which its exit tells. */
async function askShim(home: Home, row: BoxRow, { graceMs, force }: StopSettings): Promise<void> {
  using budget = Deadline.alone(askMs, 'asking the shim to stop');
  try {
    const connection = await dial(home, row.id, row.nonce, budget);
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
