import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BoxliteError } from '../errors';
import { nativeFile } from '../native/load';
import type { ErrorCode, Progress } from '../types';
import type { Deadline } from '../util/deadline';

export type ToolCommand = 'build' | 'inspect' | 'pull' | 'sweep' | 'doctor';

interface Run {
  command: ToolCommand;
  /** Goes to its standard input: it may hold credentials. */
  request: unknown;
  /** The lock on the store, which the program holds too, for as long as it lives. */
  lock?: number;
  env?: NodeJS.ProcessEnv;
}

/** Runs boxlite-image to its end; resolves with its result, or rejects with its error. */
export async function runTool<T>(
  { command, request, lock, env = {} }: Run,
  deadline: Deadline,
  onProgress: (progress: Progress) => void = () => {},
): Promise<T> {
  deadline.throwIfOver();
  const tool = spawn(nativeFile('boxlite-image'), [command], {
    stdio: lock === undefined ? ['pipe', 'pipe', 'pipe'] : ['pipe', 'pipe', 'pipe', lock],
    env,
  });
  const { stdin, stdout, stderr } = tool as typeof tool & { stdin: NodeJS.WritableStream };
  if (!stdout || !stderr) throw new BoxliteError('native-missing', 'boxlite-image was started without its pipes');
  const onAbort = () => tool.kill('SIGTERM');
  deadline.signal.addEventListener('abort', onAbort, { once: true });
  const ended = new Promise<void>((resolve, reject) => tool.on('close', () => resolve()).on('error', reject));
  try {
    stdin.on('error', () => {});
    stdin.end(JSON.stringify(request));
    const [outcome, complaint] = await Promise.all([lastWord(stdout, onProgress), textOf(stderr), ended]);
    deadline.throwIfOver();
    return outcomeOf<T>(outcome, complaint);
  } finally {
    deadline.signal.removeEventListener('abort', onAbort);
  }
}

/** Passes progress on, and returns the line that is none: the result or the error. */
async function lastWord(
  stdout: NodeJS.ReadableStream,
  onProgress: (progress: Progress) => void,
): Promise<Record<string, unknown>> {
  let outcome: Record<string, unknown> = {};
  for await (const line of createInterface({ input: stdout })) {
    const value = JSON.parse(line) as Record<string, unknown>;
    if (value.progress) onProgress(value.progress as Progress);
    else outcome = value;
  }
  return outcome;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) if (text.length < 8192) text += chunk;
  return text.trim();
}

interface ToolFailure {
  code?: ErrorCode;
  message?: string;
  hint?: string;
  retryable?: boolean;
}

function outcomeOf<T>(outcome: Record<string, unknown>, complaint: string): T {
  if (outcome.result) return outcome.result as T;
  const {
    code = 'store',
    message,
    hint,
    retryable = outcome.error === undefined,
  } = (outcome.error ?? {}) as ToolFailure;
  throw new BoxliteError(code, message ?? `boxlite-image ended without a result: ${complaint || 'it said nothing'}`, {
    hint,
    retryable,
  });
}
