import { setTimeout as delay } from 'node:timers/promises';
import { BoxliteError } from '../errors';
import type { CheckedBoxOptions } from '../options';
import type { BoxRow } from '../store/schema';
import { Deadline } from '../util/deadline';
import { createBox } from './create';
import type { Home } from './home';
import { trueRow } from './recover/box';
import { removeBox } from './remove';
import type { BoxRun } from './run';
import { startBox } from './start';

const pauseMs = 50;
const overtaken = ['box-exists', 'box-state', 'box-not-found'] as const;
// Taking an unprepared box away again has a budget of its own.
const undoMs = 60_000;

export interface Booted {
  row: BoxRow;
  run: BoxRun;
}

export interface GetOrCreateParts {
  /** The run of a box that is up already. */
  join(row: BoxRow): BoxRun;
  /** Takes note of a run that this program booted. */
  own(run: BoxRun): void;
  /** Runs once in each created box, before anybody else is given it. */
  prepare?: ((booted: Booted) => Promise<void>) | undefined;
}

/** The box of that name: the one that runs, or the one that rests, started again, or else a new one. */
export async function getOrCreate(
  home: Home,
  options: CheckedBoxOptions & { name: string },
  deadline: Deadline,
  parts: GetOrCreateParts,
): Promise<Booted> {
  for (;;) {
    deadline.throwIfOver();
    const found = await home.store.boxes.named(options.name);
    const row = found && (await trueRow(home, found));
    const step = nextStep(row);
    if (step === 'join' && row) return { row, run: parts.join(row) };
    const booted = step === 'wait' ? null : await boot(home, options, row, deadline);
    if (booted) {
      parts.own(booted.run);
      if (step === 'create' && parts.prepare) await prepare(home, booted, parts.prepare, deadline);
      return booted;
    }
    // Another program is at it.
    await deadline.race(delay(pauseMs));
  }
}

/** What a program that wants a box of this name does about what it finds. */
export function nextStep(
  row: Pick<BoxRow, 'state' | 'preparing' | 'autoRemove'> | null,
): 'create' | 'join' | 'start' | 'wait' {
  if (!row) return 'create';
  if (row.preparing) return 'wait';
  if (row.state === 'running') return 'join';
  const rests = row.state === 'stopped' || row.state === 'failed';
  return rests && !row.autoRemove ? 'start' : 'wait';
}

/** Null when the box is on its way somewhere, or another program was quicker. */
async function boot(
  home: Home,
  options: CheckedBoxOptions,
  row: BoxRow | null,
  deadline: Deadline,
): Promise<Booted | null> {
  try {
    return row ? await startBox(home, row.id, deadline) : await createBox(home, options, deadline);
  } catch (error) {
    if (overtaken.some((code) => BoxliteError.is(error, code))) return null;
    throw error;
  }
}

/** Until it is done the row says so, and without this program the box is removed; where it fails, it is removed here. */
async function prepare(
  home: Home,
  booted: Booted,
  work: NonNullable<GetOrCreateParts['prepare']>,
  deadline: Deadline,
): Promise<void> {
  const { row } = booted;
  try {
    await deadline.race(work(booted));
    if (await home.store.boxes.patch(row.id, { preparing: false })) return;
    throw new BoxliteError('box-not-found', 'The box was removed while onCreate prepared it', { box: row.id });
  } catch (error) {
    using budget = Deadline.alone(undoMs, 'removing the box that was not prepared');
    await removeBox(home, row, true, budget).catch((failure: unknown) => {
      home.log('error', `the box that was not prepared could not be removed: ${failure}`, row.id);
    });
    throw error;
  }
}
