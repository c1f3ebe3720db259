import { BoxliteError } from '../../../lib/errors';

export interface Refusal {
  code: string;
  message: string;
  hint: string;
}

/** What a check throws: an error of this library with its hint. */
export function refusalOf(check: () => unknown): Refusal {
  let value: unknown;
  try {
    value = check();
  } catch (error) {
    if (!BoxliteError.is(error)) throw error;
    return { code: error.code, message: error.message, hint: error.hint ?? '' };
  }
  throw new Error(`It was accepted: ${JSON.stringify(value)}`);
}

export const messageOf = (check: () => unknown): string => refusalOf(check).message;

/** One of each type, by name. */
export const samples: Record<string, unknown> = {
  'a string': 'x',
  'a number': 7.5,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  'a bigint': 7n,
  'a boolean': true,
  null: null,
  'a symbol': Symbol('x'),
  'a function': () => {},
  'an array': ['x'],
  'an object': { x: 1 },
  'a Map': new Map([['x', 'y']]),
  'a Date': new Date(0),
};

/** The sample names that an option of that kind must refuse. */
export function allBut(...accepted: string[]): [string, unknown][] {
  return Object.entries(samples).filter(([name]) => !accepted.includes(name));
}
