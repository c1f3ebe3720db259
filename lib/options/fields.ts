import { expectedSecret, invalid, unknownOption } from './failure';
import { member } from './literal';

/** Turns one value, which may be undefined, into its normal form, or throws. */
export type Check<T> = (value: unknown, path: string) => T;
export type Checks<K extends string> = Record<K, Check<unknown>>;

type Values<C> = { [K in keyof C]: C[K] extends Check<infer T> ? T : never };
type MayBeAbsent<V> = { [K in keyof V]: undefined extends V[K] ? K : never }[keyof V];
/** The checked values; what is undefined is not there at all. */
export type Checked<C> = Omit<Values<C>, MayBeAbsent<Values<C>>> & {
  [K in MayBeAbsent<Values<C>>]?: Exclude<Values<C>[K], undefined>;
};

/** Checks an options object by its table. Every option is read once; `undefined` is the same as absent. */
export function checkFields<C extends Checks<string>>(options: unknown, owner: string, checks: C): Checked<C> {
  const given = readFields(options === undefined ? {} : options, owner, Object.keys(checks));
  const entries = Object.entries(checks).map(([name, check]) => [name, check(given.get(name), name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Checked<C>;
}

/** The named options of an object, read once each; one that is not named here is refused. */
export function readFields(options: unknown, owner: string, known: readonly string[]): Map<string, unknown> {
  if (!isRecord(options)) throw expectedSecret('an object', `the options of ${owner}`, options);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownOption(unknown, owner, known);
  const given = known.filter((name) => isGiven(options, name));
  return new Map(given.map((name) => [name, read(options, name, name)]));
}

/** The own members of a record, read once each, without those that are undefined. */
export function readEntries(value: unknown, what: string, path: string): [string, unknown][] {
  if (!isRecord(value)) throw expectedSecret(what, path, value);
  const entries = Object.keys(value).map((name): [string, unknown] => [name, read(value, name, member(path, name))]);
  return entries.filter(([, entry]) => entry !== undefined);
}

/** A plain object or an instance of a class; not an array, a Map, a Date … whose content would go unseen. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]';
}

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, path) => (value === undefined ? undefined : check(value, path));
}

export function withDefault<T>(check: Check<T>, standard: T): Check<T> {
  return (value, path) => (value === undefined ? standard : check(value, path));
}

// An accessor of a class counts; what somebody put on Object.prototype does not.
function isGiven(options: object, name: string): boolean {
  return Object.hasOwn(options, name) || (name in options && !(name in Object.prototype));
}

function read(from: Record<string, unknown>, name: string, path: string): unknown {
  try {
    return from[name];
  } catch {
    throw invalid(`Expected a readable value for ${path} but its getter threw`, 'Pass plain values.');
  }
}
