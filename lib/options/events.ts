import type { BoxRef, Call, RuntimeEvent } from '../types';
import { callChecks } from './call';
import { expected } from './failure';
import { type Checks, checkFields, optional, withDefault } from './fields';
import { type CheckedRef, checkRef } from './ref';
import { boolean, choice, integer } from './values';

export interface CheckedEventFilter {
  box?: CheckedRef;
  types?: RuntimeEvent['type'][];
  since?: string;
}

const type = choice<RuntimeEvent['type']>(
  'created',
  'started',
  'exited',
  'removed',
  'egress-denied',
  'network-lost',
  'oom',
  'disk-low',
);

const filterChecks = {
  box: optional((value, path) => checkRef(value as BoxRef, path)),
  types: optional((value, path) => {
    if (!Array.isArray(value)) throw expected('an array of types of events', path, value);
    return value.map((each, index) => type(each, `${path}[${index}]`));
  }),
  since: optional((value, path) => {
    if (typeof value === 'string' && /^[0-9a-f]{12}-\d{1,15}$/.test(value)) return value;
    throw expected('the cursor of an event', path, value);
  }),
} satisfies Checks<'box' | 'types' | 'since'>;

export function checkEventFilter(filter: unknown): CheckedEventFilter {
  return checkFields(filter, 'events', filterChecks);
}

export interface CheckedPrune extends Call {
  dryRun: boolean;
  maxDiskMiB?: number;
}

const pruneChecks = {
  ...callChecks,
  dryRun: withDefault(boolean, false),
  maxDiskMiB: optional(integer(0, Number.MAX_SAFE_INTEGER)),
};

export function checkPrune(options: unknown): CheckedPrune {
  return checkFields(options, 'prune', pruneChecks);
}
