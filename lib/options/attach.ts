import type { Call } from '../types';
import { callChecks } from './call';
import { checkFields, optional } from './fields';
import { integer, text } from './values';

export interface CheckedAttach extends Call {
  since?: { stdout?: number; stderr?: number };
}

const offset = optional(integer(0, Number.MAX_SAFE_INTEGER));
const places = (value: unknown, path: string) => checkFields(value, path, { stdout: offset, stderr: offset });
const checks = { ...callChecks, since: optional(places) };

export function checkAttach(options: unknown): CheckedAttach {
  return checkFields(options, 'attach', checks);
}

/** The first argument of attach. */
export const checkProcessId = (id: unknown): string => text('the id of a process')(id, 'processId');
