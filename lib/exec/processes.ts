import { malformed } from '../shim/protocol';
import type { ProcessInfo } from '../types';
import type { Deadline } from '../util/deadline';
import { ask } from './ask';
import type { BoxLink } from './command';

/** The commands of a box that run, and the detached ones that can still be joined. */
export async function processes(link: BoxLink, deadline: Deadline): Promise<ProcessInfo[]> {
  const { processes: listed } = await ask(link, { op: 'processes' }, deadline);
  if (!Array.isArray(listed)) throw malformed('a listing without processes');
  return listed.map(readProcess).sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime() || a.pid - b.pid);
}

function readProcess({ id, pid, name, command, startedAtMs, running }: Record<string, unknown>): ProcessInfo {
  return {
    id: String(id),
    pid: Number(pid),
    ...(typeof name === 'string' && { name }),
    command: command as string[],
    startedAt: new Date(Number(startedAtMs)),
    running: running === true,
  };
}
