import type { CheckedAttach } from '../options';
import { defaults } from '../options';
import type { Process } from '../types';
import { Deadline } from '../util/deadline';
import { type BoxLink, RunningCommand } from './command';
import { SpawnedProcess } from './process';
import { CommandSession } from './session';

/** Joins a detached command. The deadline bounds the joining alone. */
export async function attach(
  link: BoxLink,
  processId: string,
  { since }: CheckedAttach,
  deadline: Deadline,
): Promise<Process> {
  const running = new RunningCommand(link, { op: 'attach', id: processId, since });
  const session = new CommandSession(running, Deadline.of({}, 'attach'), {
    box: link.id,
    detached: true,
    killSignal: 15,
    killGraceMs: defaults.killGraceMs,
    maxOutputBytes: defaults.maxOutputBytes,
    keep: 'both',
  });
  try {
    const { id, pid } = await deadline.race(running.started);
    return new SpawnedProcess(id, pid, session);
  } catch (error) {
    session.letGo();
    throw error;
  }
}
