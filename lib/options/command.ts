import type { Command } from '../types';
import { type Argument, checkSize } from './environment';
import { expected, expectedSecret } from './failure';
import { passable } from './values';

const what = 'a string or a non-empty array of strings';

/** The command as it was when it was given: an array is copied. */
export function checkCommand(command: unknown): Command {
  if (typeof command === 'string') return passable(command, 'command');
  if (!Array.isArray(command)) throw expected(what, 'command', command);
  // By index: an array that has holes, or its own iterator, is read as it lies.
  const length = command.length;
  if (length === 0) throw expectedSecret(what, 'command', command, 'Name the program to run.');
  return Array.from({ length }, (_, index) => passable(command[index], `command[${index}]`));
}

/** Refuses a command that, with this environment, is larger than what may be passed on: 'limit'. */
export function checkCommandSize(command: Command, env: Record<string, string | null>): void {
  checkSize(typeof command === 'string' ? shellArguments(command) : command.map(asArgument), env);
}

function shellArguments(text: string): Argument[] {
  return ['/bin/sh', '-c', text].map((argument) => ['command', argument]);
}

function asArgument(argument: string, index: number): Argument {
  return [`command[${index}]`, argument];
}
