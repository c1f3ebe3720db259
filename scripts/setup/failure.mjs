import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { root } from './paths.mjs';

const LOG_LINES = 30;

/** A set-up that cannot go on: what was attempted, what was found, what to do. */
export class SetupFailed extends Error {
  name = 'SetupFailed';

  constructor(message, repair) {
    super(message);
    this.repair = repair;
  }
}

export function report(error) {
  const lines = [`set-up failed: ${error.message}`];
  if (error.repair) lines.push('', `What to do: ${error.repair}`);
  return lines.join('\n');
}

/** The failure of one step, with the end of its log. */
export function stepFailed(step, context, error) {
  if (error instanceof SetupFailed) return error;
  const tail = readFileSync(context.logPath, 'utf8').trimEnd().split('\n').slice(-LOG_LINES);
  const log = tail.map((line) => `  | ${line}`).join('\n');
  const where = relative(root, context.logPath);
  return new SetupFailed(`${step.title}: ${error.message}\n${log}\n  (all of it: ${where})`, step.repair);
}
