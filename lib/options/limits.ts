import { expected } from './failure';
import { type Check, checkFields, optional } from './fields';
import { integer } from './values';

export interface CommandLimits {
  memoryMiB?: number;
  cpus?: number;
  pids?: number;
}

const mostMiB = 1024 * 1024;
// The kernel's PID_MAX_LIMIT.
const mostPids = 4_194_304;

const checks = {
  memoryMiB: optional(integer(1, mostMiB)),
  cpus: optional(share),
  pids: optional(integer(1, mostPids)),
};

/** Limits of one command; absent when there is none. */
export const commandLimits: Check<CommandLimits | undefined> = (value, path) => {
  if (value === undefined) return undefined;
  const limits = checkFields(value, path, checks);
  return Object.keys(limits).length === 0 ? undefined : limits;
};

function share(value: unknown, path: string): number {
  const inRange = typeof value === 'number' && value >= 0.01 && value <= 16;
  if (!inRange) throw expected('a number of cpus from 0.01 to 16', path, value);
  return value;
}
