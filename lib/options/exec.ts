import { types } from 'node:util';
import type { Bytes, Call, Command, ExecOptions, SpawnOptions } from '../types';
import { callChecks } from './call';
import { checkCommand, checkCommandSize } from './command';
import { defaults } from './defaults';
import { environmentChange } from './environment';
import { expectedSecret, invalid } from './failure';
import { type Checks, checkFields, optional, withDefault } from './fields';
import { type CommandLimits, commandLimits } from './limits';
import { signalNumber } from './signals';
import { type TerminalSize, terminal } from './terminal';
import { user } from './user';
import { boolean, callback, choice, guestPath, integer, isWellFormed, milliseconds, text } from './values';

/** What exec and spawn share. */
export interface CheckedCommand extends Call {
  command: Command;
  cwd?: string;
  env: Record<string, string | null>;
  user?: string;
  maxOutputBytes: number;
  keep: 'head' | 'tail' | 'both';
  /** A number in the guest. */
  killSignal: number;
  killGraceMs: number;
  limits?: CommandLimits;
}

export interface CheckedExec extends CheckedCommand {
  stdin?: Bytes;
  check: boolean;
  onStdout?: (chunk: Uint8Array) => void;
  onStderr?: (chunk: Uint8Array) => void;
}

export interface CheckedSpawn extends CheckedCommand {
  tty?: TerminalSize;
  detached: boolean;
  name?: string;
}

const longestKillGraceMs = 3_600_000;
const sigterm = 15;

const sharedChecks = {
  ...callChecks,
  cwd: optional(guestPath),
  env: withDefault(environmentChange, {}),
  user: optional(user),
  maxOutputBytes: withDefault(integer(0, Number.MAX_SAFE_INTEGER), defaults.maxOutputBytes),
  keep: withDefault(choice('head', 'tail', 'both'), 'both'),
  killSignal: withDefault(signalNumber, sigterm),
  killGraceMs: withDefault(milliseconds('or-zero', longestKillGraceMs), defaults.killGraceMs),
  limits: commandLimits,
};

const execChecks = {
  ...sharedChecks,
  stdin: optional(stdin),
  check: withDefault(boolean, false),
  onStdout: optional(callback<(chunk: Uint8Array) => void>),
  onStderr: optional(callback<(chunk: Uint8Array) => void>),
} satisfies Checks<keyof ExecOptions>;

const spawnChecks = {
  ...sharedChecks,
  tty: terminal,
  detached: withDefault(boolean, false),
  name: optional(text('a non-empty name')),
} satisfies Checks<keyof SpawnOptions>;

export function checkExec(command: unknown, options: unknown): CheckedExec {
  return whole(checkCommand(command), checkFields(options, 'exec', execChecks));
}

export function checkSpawn(command: unknown, options: unknown): CheckedSpawn {
  return whole(checkCommand(command), checkFields(options, 'spawn', spawnChecks));
}

function whole<T extends { env: Record<string, string | null> }>(
  command: Command,
  options: T,
): T & { command: Command } {
  checkCommandSize(command, options.env);
  return { ...options, command };
}

/** The source itself: nothing of it is read here. */
export function stdin(value: unknown, path: string): Bytes {
  if (typeof value === 'string') return wellFormed(value, path);
  if (types.isUint8Array(value)) return value;
  const source = value as ReadableStream<Uint8Array> | null;
  const isSource = typeof value === 'object' && source !== null && typeof source[Symbol.asyncIterator] === 'function';
  if (!isSource) throw expectedSecret('a string, a Uint8Array, a ReadableStream or an async iterable', path, value);
  if (source.locked !== true) return source;
  throw invalid(
    `Expected a stream that nobody reads for ${path} but received a locked one`,
    'Release its reader first.',
  );
}

// As UTF-8 a lone surrogate would silently become another character.
function wellFormed(value: string, path: string): string {
  if (isWellFormed(value)) return value;
  throw invalid(
    `Expected a string of whole Unicode characters for ${path} but received one with a lone surrogate`,
    'Pass bytes.',
  );
}
