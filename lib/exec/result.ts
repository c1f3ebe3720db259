import { type InspectOptions, inspect } from 'node:util';
import { BoxliteError } from '../errors';
import { signalName } from '../options/signals';
import type { Command, EgressDenied, ExecResult } from '../types';
import type { Collector } from './collect';
import type { CommandExit } from './command';

// As much as somebody may look at as a whole.
const decodedAtOnce = 256 * 1024;

export interface Cut {
  timedOut: boolean;
  aborted: boolean;
}

/** The result of a command from its exit (null when it was cut off before one was known) and what was collected. */
export function execResult(
  exit: CommandExit | null,
  stdout: Collector | null,
  stderr: Collector | null,
  denied: EgressDenied[],
  cut: Cut,
): ExecResult {
  const out = stdout?.bytes() ?? Buffer.alloc(0);
  const err = stderr?.bytes() ?? Buffer.alloc(0);
  const result = {
    exitCode: exit?.exitCode ?? null,
    signal: exit?.signal == null ? null : signalName(exit.signal),
    ok: exit?.exitCode === 0 && !cut.timedOut && !cut.aborted,
    ...cut,
    oomKilled: exit?.oomKilled ?? false,
    durationMs: exit?.durationMs ?? 0,
    stdout: '',
    stderr: '',
    stdoutBytes: out,
    stderrBytes: err,
    dropped: { stdout: stdout?.dropped ?? 0, stderr: stderr?.dropped ?? 0 },
    denied: [...denied],
    usage: { cpuMs: exit?.cpuMs ?? 0, peakMemoryBytes: exit?.peakMemoryBytes ?? 0 },
  };
  setText(result, 'stdout', out);
  setText(result, 'stderr', err);
  // Whoever prints it sees its text and no getter.
  Object.defineProperty(result, inspect.custom, {
    value: (_depth: number, options: InspectOptions) => inspect({ ...result }, options),
  });
  return result;
}

/** Decodes the bytes once: at once, or large ones when their text is first asked for, which may be never. */
function setText(result: { stdout: string; stderr: string }, name: 'stdout' | 'stderr', bytes: Uint8Array): void {
  if (bytes.length <= decodedAtOnce) {
    result[name] = decode(bytes);
    return;
  }
  const settle = (value: string) => {
    Object.defineProperty(result, name, { value, writable: true, enumerable: true, configurable: true });
    return value;
  };
  const get = () => settle(decode(bytes));
  Object.defineProperty(result, name, { get, set: settle, enumerable: true, configurable: true });
}

function decode(bytes: Uint8Array): string {
  // A byte order mark is part of the output.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** The error of a failed command under `check`. */
export function execFailed(command: Command, result: ExecResult, box: string): BoxliteError {
  const name = typeof command === 'string' ? command : command.join(' ');
  const how = result.signal ? `was ended by ${result.signal}` : `exited with ${result.exitCode}`;
  const lastLine = result.stderr.trimEnd().split('\n').at(-1) ?? '';
  return new BoxliteError(
    'exec-failed',
    `The command '${shorten(name)}' ${how}${lastLine ? `: ${shorten(lastLine)}` : ''}`,
    {
      hint: 'The whole output is in error.partial.',
      box,
      partial: result,
    },
  );
}

/** The error of a waitForLog whose process ended first. */
export function endedBeforeLine(match: string | RegExp, result: ExecResult, box: string): BoxliteError {
  const how = result.signal ? `was ended by ${result.signal}` : `exited with ${result.exitCode}`;
  const wanted = typeof match === 'string' ? `'${match}'` : String(match);
  return new BoxliteError('exec-failed', `The process ${how} before it printed a line with ${shorten(wanted)}`, {
    hint: 'What it had printed, and nobody had read, is in error.partial.',
    box,
    partial: result,
  });
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** The same error, now with what the command had produced, and where. */
export function withPartial(error: BoxliteError, partial: ExecResult, box: string): BoxliteError {
  const { code, message, hint, retryable, consoleTail, cause } = error;
  return new BoxliteError(code, message, { hint, retryable, box, consoleTail, partial, cause });
}
