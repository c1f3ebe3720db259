import type { Signal } from '../types';
import { expected } from './failure';
import { withDefault } from './fields';
import { signalNumber } from './signals';
import { choice } from './values';

const stream = withDefault(choice('stdout', 'stderr'), 'stdout');

/** The argument of kill; default SIGTERM. */
export function checkKillSignal(signal: Signal | undefined): number {
  return signalNumber(signal === undefined ? 'SIGTERM' : signal);
}

/** The argument of lines; default stdout. */
export function checkStream(from: unknown): 'stdout' | 'stderr' {
  return stream(from, 'from');
}

/** The first argument of waitForLog. */
export function checkMatch(match: unknown): string | RegExp {
  const isPattern = Object.prototype.toString.call(match) === '[object RegExp]';
  if (isPattern) return match as RegExp;
  if (typeof match !== 'string' || match === '') throw expected('a non-empty string or a RegExp', 'match', match);
  return match;
}
