import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BoxliteError } from '../errors';
import { nativeFile } from '../native/load';
import type { ImageSource } from '../options';
import type { ImageConfig } from '../store/schema';
import type { ErrorCode, Progress } from '../types';
import type { Deadline } from '../util/deadline';

export interface BuiltImage {
  digest: string;
  cached: boolean;
  config: ImageConfig;
}

/** Runs boxlite-image on a local source; resolves when the image's disk is there, whole. */
export async function buildImage(
  home: string,
  source: ImageSource,
  deadline: Deadline,
  onProgress: (progress: Progress) => void,
): Promise<BuiltImage> {
  const images = join(home, 'images');
  await mkdir(images, { recursive: true, mode: 0o700 });
  deadline.throwIfOver();
  const builder = spawn(nativeFile('boxlite-image'), ['build'], { stdio: ['pipe', 'pipe', 'pipe'], env: {} });
  const onAbort = () => builder.kill('SIGTERM');
  deadline.signal.addEventListener('abort', onAbort, { once: true });
  const ended = new Promise<void>((resolve, reject) => builder.on('close', () => resolve()).on('error', reject));
  try {
    builder.stdin.on('error', () => {});
    builder.stdin.end(JSON.stringify({ source, images, platform: 'linux/amd64' }));
    const [outcome, complaint] = await Promise.all([
      lastWord(builder.stdout, onProgress),
      textOf(builder.stderr),
      ended,
    ]);
    deadline.throwIfOver();
    return outcomeOf(outcome, complaint);
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

function outcomeOf(outcome: Record<string, unknown>, complaint: string): BuiltImage {
  if (outcome.result) return parseBuiltImage(outcome.result);
  const { code = 'image-invalid', message, hint } = (outcome.error ?? {}) as Record<string, string | undefined>;
  throw new BoxliteError(
    code as ErrorCode,
    message ?? `boxlite-image ended without a result: ${complaint || 'it said nothing'}`,
    { hint },
  );
}

export function parseBuiltImage(value: unknown): BuiltImage {
  const { digest, cached, config } = value as BuiltImage;
  const { entrypoint, cmd, env, user, cwd, ports } = config;
  return { digest, cached, config: { entrypoint, cmd, env, user, cwd, ports } };
}
