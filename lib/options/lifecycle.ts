import type { BoxState, Call, StopOptions } from '../types';
import { callChecks } from './call';
import { defaults } from './defaults';
import { type Checks, checkFields, optional, withDefault } from './fields';
import { labels } from './labels';
import { boolean, choice, milliseconds } from './values';

export interface CheckedStop extends Call {
  graceMs: number;
  force: boolean;
}

export interface CheckedRemove extends Call {
  force: boolean;
}

export interface CheckedClose extends Call {
  boxes: 'stop' | 'leave';
}

export interface ListFilter {
  labels: Record<string, string>;
  state?: BoxState;
}

const force = withDefault(boolean, false);

const stopChecks = {
  ...callChecks,
  graceMs: withDefault(milliseconds('or-zero'), defaults.stopGraceMs),
  force,
} satisfies Checks<keyof StopOptions>;

const removeChecks = { ...callChecks, force };

const closeChecks = { ...callChecks, boxes: withDefault(choice('stop', 'leave'), 'stop') };

const filterChecks = {
  labels: withDefault(labels, {}),
  state: optional(choice<BoxState>('creating', 'running', 'stopping', 'stopped', 'failed', 'removing')),
};

export function checkStop(options: unknown): CheckedStop {
  return checkFields(options, 'stop', stopChecks);
}

export function checkRemove(options: unknown): CheckedRemove {
  return checkFields(options, 'remove', removeChecks);
}

export function checkClose(options: unknown): CheckedClose {
  return checkFields(options, 'close', closeChecks);
}

export function checkListFilter(filter: unknown): ListFilter {
  return checkFields(filter, 'listBoxes', filterChecks);
}
