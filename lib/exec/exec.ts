import type { CheckedExec } from '../options/exec';
import type { ExecResult } from '../types';
import type { Deadline } from '../util/deadline';
import { type BoxLink, RunningCommand } from './command';
import { type CommandDefaults, execRequest } from './request';
import { execFailed } from './result';
import { CommandSession } from './session';

/** Runs a command to its end. */
export async function exec(
  link: BoxLink,
  checked: CheckedExec,
  defaults: CommandDefaults,
  deadline: Deadline,
): Promise<ExecResult> {
  const { command, stdin } = checked;
  const running = new RunningCommand(
    link,
    execRequest(command, checked, defaults, { stdin: stdin !== undefined, announce: false }),
  );
  const session = new CommandSession(running, deadline, { box: link.id, ...checked });
  const [stdout, stderr] = [session.collector(), session.collector()];
  const reading = Promise.all([
    session.collect(running.stdout, stdout, checked.onStdout),
    session.collect(running.stderr, stderr, checked.onStderr),
    stdin === undefined ? undefined : session.feed(stdin),
  ]);
  const result = await session.result(reading, stdout, stderr);
  if (checked.check && !result.ok) throw execFailed(command, result, link.id);
  return result;
}
