import type { Call } from '../types';
import { callChecks } from './call';
import { expected } from './failure';
import { checkFields, optional, withDefault } from './fields';
import { integer, milliseconds } from './values';

export interface CheckedPortWait extends Call {
  port: number;
  path?: string;
  status?: number;
  timeoutMs: number;
}

const standardMs = 60_000;
const port = integer(1, 65_535);

const checks = {
  ...callChecks,
  timeoutMs: withDefault(milliseconds('zero'), standardMs),
  path: optional(urlPath),
  status: optional(integer(100, 599)),
};

/** The arguments of waitForPort; a status alone is that of the path '/'. */
export function checkPortWait(number: unknown, options: unknown): CheckedPortWait {
  const checked = checkFields(options, 'waitForPort', checks);
  const path = checked.path ?? (checked.status === undefined ? undefined : '/');
  return { ...checked, port: checkPort(number, 'port'), ...(path !== undefined && { path }) };
}

export function checkPort(number: unknown, path: string): number {
  return port(number, path);
}

/** The path of a URL as it stands in a request line. */
export function urlPath(value: unknown, path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what ends a request line is what is refused
  if (typeof value !== 'string' || !/^\/[^\x00-\x20\x7f-\uffff]{0,8191}$/.test(value))
    throw expected("a path of a URL that begins with '/', with what is not ASCII encoded", path, value);
  return value;
}
