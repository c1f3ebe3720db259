import type { BoxliteError } from '../errors';
import { malformed } from '../shim/protocol';
import type { Deadline } from '../util/deadline';
import { type BoxLink, readError } from './command';

/** One question to the agent, answered by the exit of its call. What is asked ends with the deadline. */
export function ask(link: BoxLink, request: object, deadline?: Deadline): Promise<Record<string, unknown>> {
  const answer = new Promise<Record<string, unknown>>((resolve, reject) => {
    const fail = (error: BoxliteError) => reject(error);
    const stream = link.connection.call(request, {
      started: () => {},
      data: () => fail(malformed('data on a call without any')),
      credit: () => {},
      answer: () => {},
      ended: (kind, value) => (kind === 'exit' ? resolve(value) : fail(readError(value, link.id))),
      lost: (cause) => void link.explainLoss(cause).then(fail, fail),
    });
    deadline?.signal.addEventListener('abort', () => link.connection.release(stream), { once: true });
  });
  return deadline ? deadline.race(answer) : answer;
}
