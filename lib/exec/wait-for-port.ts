import type { CheckedPortWait } from '../options';
import type { Deadline } from '../util/deadline';
import { ask } from './ask';
import type { BoxLink } from './command';

/** So long after the agent's own clock it is given up: its word says what was found last. */
export const answerMarginMs = 2_000;

/** Resolves once somebody in the box answers on the port. */
export async function waitForPort(
  link: BoxLink,
  { port, path, status, timeoutMs }: Pick<CheckedPortWait, 'port' | 'path' | 'status' | 'timeoutMs'>,
  deadline: Deadline,
): Promise<void> {
  await ask(link, { op: 'wait-port', port, path, status, timeoutMs: Math.round(timeoutMs) }, deadline);
}
