import type { Call, Progress } from '../types';
import { expected } from './failure';
import { type Checks, checkFields, optional } from './fields';
import { callback, milliseconds } from './values';

/** What every asynchronous method takes, as a part of its own table. */
export const callChecks = {
  signal: optional(abortSignal),
  timeoutMs: optional(milliseconds('zero')),
} satisfies Checks<keyof Call>;

/** The options of a method that has none of its own. */
export function checkCall(options: unknown, method: string): Call {
  return checkFields(options, method, callChecks);
}

const progressChecks = { ...callChecks, onProgress: optional(callback<(progress: Progress) => void>) };

/** The second argument of createBox. */
export function checkCreateCall(options: unknown): Call & { onProgress?: (progress: Progress) => void } {
  return checkFields(options, 'createBox', progressChecks);
}

// By its shape: a signal may come from another realm or a polyfill.
function abortSignal(value: unknown, path: string): AbortSignal {
  const signal = value as AbortSignal | null;
  const isSignal = typeof value === 'object' && signal !== null && typeof signal.aborted === 'boolean';
  if (!isSignal || typeof signal.addEventListener !== 'function') throw expected('an AbortSignal', path, value);
  return signal;
}
