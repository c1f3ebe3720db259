import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { BoxliteError } from '../errors';
import type { NativeSpawn } from '../native/contract';
import { native, nativeFile } from '../native/load';
import type { CheckedPort } from '../options';
import { shimArgv } from '../ownership/argv';
import type { ShimReaper } from '../ownership/reaper';
import type { ErrorCode } from '../types';
import type { Deadline } from '../util/deadline';
import { asHostFailure } from '../util/host-failure';
import type { ShimSettings } from './settings';

const maxAnswerBytes = 64 * 1024;

export interface ReadyAnswer {
  shimPid: number;
  vmmPid: number;
  vmmMs: number;
  kernelMs: number;
  agentMs: number;
  ports: CheckedPort[];
}

/** A shim that was spawned and owns its box; `ready` is its one answer. */
export interface LaunchedShim {
  pid: number;
  exited: Promise<unknown>;
  ready: Promise<ReadyAnswer>;
  /** Closing it tells the shim that its program is gone; absent for a detached box. */
  lifeline: number | undefined;
  /** Why it is not in the cgroup that was made for it. */
  cgroupFailure: unknown;
}

/** Spawns the shim and hands it its settings; its boot goes on while `ready` is awaited. */
export async function launchShim(
  settings: ShimSettings,
  logPath: string,
  reaper: ShimReaper,
  deadline: Deadline,
): Promise<LaunchedShim> {
  const shim = nativeFile('boxlite-shim');
  const ends = openEnds(logPath, settings.lifeline);
  try {
    const { pid, pidfd, cgroup, cgroupFailure } = spawnInto(settings.cgroup, {
      file: shim,
      argv: shimArgv(shim, settings.boxId),
      env: [],
      fds: ends.theirs,
    });
    const child = reaper.register(pid, pidfd);
    const [settingsWrite, answerRead, lifeline] = ends.ours.splice(0);
    const ready = readAnswer(answerRead as number, settings.boxId, deadline);
    sendSettings(settingsWrite as number, { ...settings, cgroup });
    return { pid, exited: child.exited, ready, lifeline, cgroupFailure };
  } catch (error) {
    throw asHostFailure(`Starting ${shim}`, error, 'boot-failed');
  } finally {
    for (const fd of [...ends.theirs, ...ends.ours]) closeSync(fd);
  }
}

/** Into the cgroup, or where that cannot be joined without one: a box is whole without, but that is said. */
function spawnInto(cgroup: string | null, request: NativeSpawn) {
  if (cgroup === null) return { ...native().spawn(request), cgroup, cgroupFailure: undefined };
  try {
    return { ...native().spawn({ ...request, cgroup }), cgroup, cgroupFailure: undefined };
  } catch (error) {
    if ((error as { syscall?: unknown }).syscall !== 'cgroup.procs') throw error;
    return { ...native().spawn(request), cgroup: null, cgroupFailure: error };
  }
}

/** The shim's descriptors 0 to 2, and 3 for a lifeline, and our ends of them. */
function openEnds(logPath: string, hasLifeline: boolean): { theirs: number[]; ours: number[] } {
  const opened: number[] = [];
  try {
    const [settingsRead, settingsWrite] = keep(opened, native().pipe());
    const [answerRead, answerWrite] = keep(opened, native().pipe());
    const log = openSync(logPath, 'a', 0o600);
    opened.push(log);
    const theirs = [settingsRead, answerWrite, log];
    const ours = [settingsWrite, answerRead];
    if (!hasLifeline) return { theirs, ours };
    const [lifelineRead, lifelineWrite] = keep(opened, native().pipe());
    return { theirs: [...theirs, lifelineRead], ours: [...ours, lifelineWrite] };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw asHostFailure('Starting a shim', error, 'boot-failed');
  }
}

function keep<T extends number[]>(opened: number[], fds: T): T {
  opened.push(...fds);
  return fds;
}

function sendSettings(fd: number, settings: ShimSettings): void {
  const stdin = new Socket({ fd, readable: false, writable: true });
  // A shim that dies before it read them says so on its answer pipe, or by its silence there.
  stdin.on('error', () => {});
  stdin.end(JSON.stringify(settings));
}

async function readAnswer(fd: number, box: string, deadline: Deadline): Promise<ReadyAnswer> {
  const answer = new Socket({ fd, readable: true, writable: false });
  const line = new Promise<string>((resolve, reject) => {
    let text = '';
    answer.setEncoding('utf8');
    answer.on('data', (part: string) => {
      text += part;
      if (text.includes('\n') || text.length > maxAnswerBytes) resolve(text.split('\n')[0] ?? '');
    });
    answer.on('end', () => resolve(''));
    answer.on('error', reject);
  });
  try {
    return parseAnswer(await deadline.race(line), box);
  } finally {
    answer.destroy();
  }
}

/** The shim's answer line as a value, or the error that it names. */
export function parseAnswer(line: string, box: string): ReadyAnswer {
  let value: { ready?: ReadyAnswer; error?: Record<string, string> } = {};
  try {
    value = JSON.parse(line) as typeof value;
  } catch {
    // said below
  }
  if (value.ready) return value.ready;
  const { code = 'boot-failed', message = 'The shim ended without an answer', hint, consoleTail } = value.error ?? {};
  throw new BoxliteError(code as ErrorCode, message, {
    hint: hint ?? 'The last lines of the console are in error.consoleTail; runtime.doctor() checks the machine.',
    box,
    consoleTail,
  });
}
