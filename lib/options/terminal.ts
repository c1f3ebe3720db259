import { expected } from './failure';
import { checkFields, isRecord } from './fields';
import { integer } from './values';

export interface TerminalSize {
  cols: number;
  rows: number;
}

// What a terminal has that nobody gave a size: the VT100's.
const standard: TerminalSize = { cols: 80, rows: 24 };
// The kernel keeps each in 16 bits, and 0 means unknown.
const length = integer(1, 65_535);

/** The option tty of spawn; absent without a terminal. */
export function terminal(value: unknown, path: string): TerminalSize | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return standard;
  if (!isRecord(value)) throw expected('a boolean or { cols, rows }', path, value);
  return checkTerminalSize(value, path);
}

/** The argument of resize. */
export function checkTerminalSize(size: unknown, owner = 'resize'): TerminalSize {
  return checkFields(size === undefined ? null : size, owner, { cols: length, rows: length });
}
