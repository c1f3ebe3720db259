import type { CheckedSpawn } from '../options/exec';
import type { Process } from '../types';
import type { Deadline } from '../util/deadline';
import { type BoxLink, RunningCommand } from './command';
import { SpawnedProcess } from './process';
import { type CommandDefaults, execRequest } from './request';
import { CommandSession } from './session';

/** Starts a command; resolves once it runs. */
export async function spawn(
  link: BoxLink,
  checked: CheckedSpawn,
  defaults: CommandDefaults,
  deadline: Deadline,
): Promise<Process> {
  const running = new RunningCommand(
    link,
    execRequest(checked.command, checked, defaults, { stdin: true, announce: true, ...lifeOf(checked) }),
  );
  const session = new CommandSession(running, deadline, { box: link.id, ...checked });
  try {
    const { id, pid } = await running.started;
    return new SpawnedProcess(id, pid, session);
  } catch (error) {
    throw session.cutReason ?? error;
  }
}

// The agent itself ends a detached command in time: this program may be gone by then.
function lifeOf({ detached, timeoutMs }: CheckedSpawn): { detached?: boolean; lifeMs?: number | undefined } {
  return detached ? { detached, lifeMs: timeoutMs && Math.max(1, Math.round(timeoutMs)) } : {};
}
