import type { Command } from '../types';
import { checkCommand } from './command';
import { expected } from './failure';
import { type Check, isRecord, readFields } from './fields';
import { checkPort, urlPath } from './port';

export type CheckedReady = { command: Command } | { port: number; path?: string };

/** The option ready of a box: one of the two forms. */
export const ready: Check<CheckedReady | undefined> = (value, path) => {
  if (value === undefined) return undefined;
  if (!isRecord(value)) throw expected('{ command } or { port, path }', path, value);
  const isCommand = value.command !== undefined;
  const given = readFields(value, path, isCommand ? ['command'] : ['port', 'path']);
  if (isCommand) return { command: checkCommand(given.get('command')) };
  const port = checkPort(given.get('port'), `${path}.port`);
  return given.get('path') === undefined ? { port } : { port, path: urlPath(given.get('path'), `${path}.path`) };
};
