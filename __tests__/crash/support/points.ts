import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSteps } from '../../../lib/boxes/create';
import { removeSteps } from '../../../lib/boxes/remove';
import { startSteps } from '../../../lib/boxes/start';
import { stopSteps } from '../../../lib/boxes/stop';
import type { Order } from './order';

/** A moment in the life of a box at which something is killed. */
export interface Point {
  /** What the client does. */
  does: Order['does'];
  /** A step of the code's own list, or one of the shim's stop clock. */
  step?: string;
  /** 'before': the client stands still before the step. 'within': the step is under way. */
  moment: 'before' | 'within';
}

/** 'detached' is the client of a detached box, which goes on without it; 'netd' is the network's process, of a box that has one. */
export const parts = ['client', 'detached', 'shim', 'machine', 'agent', 'netd'] as const;
export type Part = (typeof parts)[number];

export function isClient(part: Part): part is 'client' | 'detached' {
  return part === 'client' || part === 'detached';
}

export interface Cell {
  part: Part;
  point: Point;
}

const lists = { create: createSteps, start: startSteps, stop: stopSteps, remove: removeSteps };

// Steps that take a while, in which something comes or goes.
const long = ['create shim', 'start shim', 'stop end', 'remove directory'];

/** Every point there is: the steps come from the lists that the code itself runs, so that a new one is a new point. */
export function allPoints(): Point[] {
  const ofLists = (Object.keys(lists) as (keyof typeof lists)[]).flatMap((does) =>
    lists[does].flatMap(({ name }) => pointsOf(does, name)),
  );
  const clock = stopClockSteps().map((step): Point => ({ does: 'stop', step: `clock ${step}`, moment: 'within' }));
  const between: Point[] = [
    { does: 'run', moment: 'within' },
    { does: 'exec', moment: 'within' },
  ];
  return [...ofLists, ...clock, ...between];
}

export function allCells(): Cell[] {
  return allPoints().flatMap((point) => parts.map((part) => ({ part, point })));
}

export function nameOf({ does, step, moment }: Point): string {
  if (step === undefined) return does;
  return `${does}, ${moment} ${step}`;
}

/** Why there is nothing to kill there, or null. */
export function whyImpossible({ part, point }: Cell): string | null {
  const { does, step = '' } = point;
  if (step === 'clock give_up') return 'only a machine that survives SIGKILL gets there, and none can be made';
  if (step === 'clock kill') return 'the step is over at once: the machine that it kills is stopped, not stuck';
  if (isClient(part)) return null;
  if (step === 'clock terminate' && part === 'agent') return 'the machine is stopped, so its agent cannot act';
  if (isUp(point)) return null;
  return does === 'remove' ? "'kill' has ended it" : 'nothing runs yet';
}

/** Whether the box has processes then: from the step that starts its shim, to the one that kills it. */
export function isUp({ does, step = '', moment }: Point): boolean {
  if (does !== 'create' && does !== 'start' && does !== 'remove') return true;
  const names = lists[does].map(({ name }) => name);
  if (does === 'remove') return names.indexOf(step) <= names.indexOf('kill') && moment === 'before';
  const [at, shim] = [names.indexOf(step), names.indexOf('shim')];
  return at > shim || (at === shim && moment === 'within');
}

function pointsOf(does: keyof typeof lists, step: string): Point[] {
  const before: Point = { does, step, moment: 'before' };
  return long.includes(`${does} ${step}`) ? [before, { does, step, moment: 'within' }] : [before];
}

/** The shim's own list. */
function stopClockSteps(): string[] {
  const header = readFileSync(join(__dirname, '../../../cpp/shim/stop_clock.hpp'), 'utf8');
  const names = /enum class StopStep[^{]*\{([^}]*)\}/.exec(header)?.[1] ?? '';
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== 'none');
}
