import type { Signal } from '../types';
import { expected } from './failure';
import { quoted } from './literal';
import { nearest } from './nearest';

/** signal(7), x86-64: where two names share a number, the first is the one that is reported. */
const numbers: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGIOT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPOLL: 29,
  SIGPWR: 30,
  SIGSYS: 31,
  SIGUNUSED: 31,
};

// The real-time range as programs see it: the C library keeps 32 and 33 to itself.
const firstRealTime = 34;
const lastRealTime = 64;

const names = new Map<number, Signal>();
for (const [name, number] of Object.entries(numbers)) if (!names.has(number)) names.set(number, name as Signal);

/** The number of a signal in the guest, by its name as in signal(7), SIGRTMIN+n and SIGRTMAX-n included. */
export function signalNumber(name: unknown, path = 'signal'): number {
  const number = typeof name === 'string' ? (ordinary(name) ?? realTime(name)) : undefined;
  if (number === undefined) throw expected("a signal name such as 'SIGTERM'", path, name, hintFor(name));
  return number;
}

/** The name of a signal by its number in the guest; one without a name is SIG and its number. */
export function signalName(number: number): Signal {
  const name = names.get(number);
  if (name !== undefined) return name;
  if (number < firstRealTime || number > lastRealTime) return `SIG${number}`;
  const fromFirst = number - firstRealTime;
  const fromLast = lastRealTime - number;
  if (fromFirst <= fromLast) return fromFirst === 0 ? 'SIGRTMIN' : `SIGRTMIN+${fromFirst}`;
  return fromLast === 0 ? 'SIGRTMAX' : `SIGRTMAX-${fromLast}`;
}

function ordinary(name: string): number | undefined {
  return Object.hasOwn(numbers, name) ? numbers[name] : undefined;
}

function realTime(name: string): number | undefined {
  const [, edge, offset = '0'] = /^SIGRT(MIN(?=$|\+)|MAX(?=$|-))(?:[+-](\d{1,2}))?$/.exec(name) ?? [];
  if (edge === undefined || Number(offset) > lastRealTime - firstRealTime) return undefined;
  return edge === 'MIN' ? firstRealTime + Number(offset) : lastRealTime - Number(offset);
}

function hintFor(name: unknown): string {
  const meant = typeof name === 'string' ? meantBy(name.toUpperCase()) : undefined;
  return meant === undefined ? 'The names are those of signal(7).' : `Did you mean ${quoted(meant)}?`;
}

function meantBy(name: string): string | undefined {
  const full = `SIG${name}`;
  if (ordinary(full) ?? realTime(full)) return full;
  return nearest(name, Object.keys(numbers));
}
