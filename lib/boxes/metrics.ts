import { readFile } from 'node:fs/promises';
import { ask } from '../exec/ask';
import type { BoxLink } from '../exec/command';
import { findBoxProcesses } from '../ownership/probe';
import type { BoxRow } from '../store/schema';
import type { Metrics } from '../types';
import type { Deadline } from '../util/deadline';
import { boxInfo } from './row';

// USER_HZ and the page of every x86-64 Linux.
const ticksPerSecond = 100;
const pageBytes = 4096;

/** What a running box uses now, seen from the host and from inside. */
export async function boxMetrics(home: string, row: BoxRow, link: BoxLink, deadline: Deadline): Promise<Metrics> {
  const guest = await ask(link, { op: 'metrics' }, deadline);
  const host = await hostUse(row.id);
  const { diskBytes } = await boxInfo(home, row);
  const number = (name: string) => Number(guest[name] ?? 0);
  return {
    at: new Date(),
    cpuMs: host.cpuMs,
    guestMemoryBytes: number('memoryBytes'),
    hostMemoryBytes: host.memoryBytes,
    diskBytes,
    netInBytes: number('netInBytes'),
    netOutBytes: number('netOutBytes'),
    processes: number('processes'),
  };
}

async function hostUse(id: string): Promise<{ cpuMs: number; memoryBytes: number }> {
  const uses = await Promise.all(findBoxProcesses(id).map(({ pid }) => processUse(pid)));
  return {
    cpuMs: uses.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    memoryBytes: uses.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
  };
}

/** proc_pid_stat(5), fields 14 and 15; proc_pid_statm(5), field 2. A process that has ended uses nothing. */
async function processUse(pid: number): Promise<{ cpuMs: number; memoryBytes: number }> {
  try {
    const [stat, statm] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile(`/proc/${pid}/statm`, 'latin1'),
    ]);
    // Behind the name, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { cpuMs: (ticks * 1000) / ticksPerSecond, memoryBytes: Number(statm.split(' ')[1]) * pageBytes };
  } catch {
    return { cpuMs: 0, memoryBytes: 0 };
  }
}
