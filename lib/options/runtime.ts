import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { EngineName, LogRecord, RuntimeOptions } from '../types';
import { invalid } from './failure';
import { type Checks, checkFields, optional, withDefault } from './fields';
import { quoted } from './literal';
import { absoluteHostPath, callback, choice } from './values';

export interface CheckedRuntimeOptions {
  /** Absolute. */
  home: string;
  engine: 'auto' | EngineName;
  logger?: (record: LogRecord) => void;
}

const checks = {
  home: (value, path) => (value === undefined ? defaultHome() : absoluteHostPath(value, path)),
  engine: withDefault(choice('auto', 'krun', 'qemu'), 'auto'),
  logger: optional(callback<(record: LogRecord) => void>),
} satisfies Checks<keyof RuntimeOptions>;

export function checkRuntimeOptions(options: unknown): CheckedRuntimeOptions {
  return checkFields(options, 'Runtime', checks);
}

/** $BOXLITE_HOME, else ~/.boxlite */
function defaultHome(): string {
  const fromEnvironment = process.env.BOXLITE_HOME;
  if (fromEnvironment) return absoluteHostPath(fromEnvironment, '$BOXLITE_HOME');
  const base = homedir();
  if (isAbsolute(base)) return join(base, '.boxlite');
  throw invalid(
    `Expected an absolute path for the user's home directory but received ${quoted(base)}`,
    'Pass home, or set BOXLITE_HOME.',
  );
}
