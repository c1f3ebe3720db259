import { closeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { BoxliteError } from '../errors';
import { native, nativeFile } from '../native/load';
import { shimArgv } from '../ownership/argv';
import type { ShimReaper } from '../ownership/reaper';
import type { ErrorCode } from '../types';
import type { Deadline } from '../util/deadline';
import type { ShimSettings } from './settings';

const maxAnswerBytes = 64 * 1024;

export interface ReadyAnswer {
  shimPid: number;
  vmmPid: number;
  vmmMs: number;
  kernelMs: number;
  agentMs: number;
}

/** A shim that was spawned and owns its box; `ready` is its one answer. */
export interface LaunchedShim {
  pid: number;
  exited: Promise<unknown>;
  ready: Promise<ReadyAnswer>;
  /** Closing it tells the shim that its program is gone; absent for a detached box. */
  lifeline: number | undefined;
}

/** Spawns the shim and hands it its settings; its boot goes on while `ready` is awaited. */
export async function launchShim(
  settings: ShimSettings,
  logPath: string,
  reaper: ShimReaper,
  deadline: Deadline,
): Promise<LaunchedShim> {
  const shim = nativeFile('boxlite-shim');
  const log = await open(logPath, 'a', 0o600);
  const [settingsRead, settingsWrite] = native().pipe();
  const [answerRead, answerWrite] = native().pipe();
  const [lifelineRead, lifelineWrite] = settings.lifeline ? native().pipe() : [undefined, undefined];
  const given = [settingsRead, answerWrite, log.fd, ...(lifelineRead === undefined ? [] : [lifelineRead])];
  try {
    const { pid, pidfd } = native().spawn({
      file: shim,
      argv: shimArgv(shim, settings.boxId),
      env: [],
      fds: given,
      ...(settings.cgroup === null ? {} : { cgroup: settings.cgroup }),
    });
    closeSync(pidfd);
    const child = reaper.register(pid);
    const answer = new Socket({ fd: answerRead, readable: true, writable: false });
    sendSettings(settingsWrite, settings);
    return { pid, exited: child.exited, ready: readAnswer(answer, settings.boxId, deadline), lifeline: lifelineWrite };
  } catch (error) {
    for (const fd of [settingsWrite, answerRead, lifelineWrite]) if (fd !== undefined) closeSync(fd);
    throw BoxliteError.is(error) ? error : spawnFailed(shim, error);
  } finally {
    for (const fd of given.filter((fd) => fd !== log.fd)) closeSync(fd);
    await log.close();
  }
}

function sendSettings(fd: number, settings: ShimSettings): void {
  const stdin = new Socket({ fd, readable: false, writable: true });
  // A shim that dies before it read them says so on its answer pipe, or by its silence there.
  stdin.on('error', () => {});
  stdin.end(JSON.stringify(settings));
}

async function readAnswer(answer: Socket, box: string, deadline: Deadline): Promise<ReadyAnswer> {
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

function spawnFailed(shim: string, error: unknown): BoxliteError {
  const errno = (error as { code?: string }).code;
  const exhausted = errno === 'EMFILE' || errno === 'ENFILE' || errno === 'EAGAIN' || errno === 'ENOMEM';
  return new BoxliteError(exhausted ? 'limit' : 'boot-failed', `Starting ${shim} failed: ${(error as Error).message}`, {
    hint: exhausted
      ? 'Raise the limits of this process (ulimit -n, -u) or free memory.'
      : 'runtime.doctor() checks the installation.',
    retryable: exhausted,
    cause: error,
  });
}
