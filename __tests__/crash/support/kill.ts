import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findBoxProcesses } from '../../../lib/ownership/index';
import { BoxSockets } from '../../../lib/ownership/sockets';
import { ShimConnection } from '../../../lib/shim/connection';
import { openStore } from '../../../lib/store/open';
import type { BoxRow } from '../../../lib/store/schema';
import { Deadline } from '../../../lib/util/deadline';
import { scaled } from '../../helpers/speed';
import { until } from '../../native/support';

// What each part's program is called, on either engine.
const programs = {
  shim: ['boxlite-shim'],
  machine: ['boxlite-vmm', 'qemu-system-x86_64'],
  netd: ['boxlite-netd'],
};
export type HostPart = keyof typeof programs;

// The agent's own text, over which its next instruction is none: no signal can kill PID 1 from within, a fault can.
export const killAgentCommand = [
  'IFS=" -"',
  'set -- $(grep -m1 r-xp /proc/1/maps)',
  'dd if=/dev/zero of=/proc/1/mem bs=4096 seek=$((0x$1/4096)) count=$(((0x$2-0x$1)/4096)) conv=notrunc 2>/dev/null',
].join('; ');

/** The ids of the boxes that have a directory in that home. */
export function boxIds(home: string): string[] {
  try {
    return readdirSync(join(home, 'boxes'));
  } catch {
    return [];
  }
}

export function pidOf(id: string, part: HostPart): number | undefined {
  const names = programs[part];
  return findBoxProcesses(id).find(({ argv }) => names.includes(basename(argv[0] ?? '')))?.pid;
}

/** Kills it as soon as it is there. */
export async function killPart(home: string, part: HostPart): Promise<void> {
  let pid: number | undefined;
  await until(
    `there is a ${part}`,
    () => {
      pid = boxIds(home)
        .map((id) => pidOf(id, part))
        .find((found) => found !== undefined);
      return pid !== undefined;
    },
    scaled(30_000),
  );
  process.kill(pid ?? 0, 'SIGKILL');
}

/** Kills PID 1 of the guest from inside. By a connection alone: no Runtime of this program looks at the box by it. */
export async function killAgent(home: string): Promise<void> {
  const row = await onlyRow(home);
  using deadline = Deadline.alone(scaled(20_000), 'killing the agent');
  const connection = await ShimConnection.open(new BoxSockets(home, row.id).path('box.sock'), row.nonce, deadline);
  const argv = ['/bin/sh', '-c', killAgentCommand];
  const request = {
    op: 'exec',
    argv,
    shell: false,
    env: {},
    stdin: false,
    announce: false,
    killSignal: 15,
    killGraceMs: 0,
  };
  const nothing = () => {};
  const sink = { started: nothing, data: nothing, credit: nothing, answer: nothing, ended: nothing, lost: nothing };
  connection.call(request, sink);
  await deadline.race(connection.closed);
}

export async function onlyRow(home: string): Promise<BoxRow> {
  const store = await openStore(home);
  try {
    for await (const { id } of store.boxes.list()) {
      const row = await store.boxes.get(id);
      if (row) return row;
    }
    throw new Error('There is no row');
  } finally {
    await store.close();
  }
}

/** Whether the process has been sent a signal that it has not acted on: proc_pid_status(5), ShdPnd. */
export function isPending(pid: number, signal: number): boolean {
  const mask = /^ShdPnd:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & (1n << BigInt(signal - 1))) !== 0n;
}
