import { open } from 'node:fs/promises';
import { BoxliteError } from '../errors';
import { errnoOf } from '../util/files';

const tailBytes = 4096;

/** The console's last lines as text; '' where there is none. */
export async function readConsoleTail(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(tailBytes),
        0,
        tailBytes,
        Math.max(0, size - tailBytes),
      );
      return new TextDecoder().decode(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) !== undefined) return '';
    throw error;
  }
}

/** The same failure of a boot, with what the console said last and what to do, where its maker could not tell. */
export async function explainBoot(error: unknown, consoleLog: string): Promise<unknown> {
  if (!BoxliteError.is(error) || (error.code !== 'boot-timeout' && error.code !== 'boot-failed')) return error;
  const { code, message, retryable, box, cause } = error;
  return new BoxliteError(code, message, {
    hint: error.hint ?? 'Look at the last lines of the console in error.consoleTail, or raise bootTimeoutMs.',
    retryable,
    box,
    consoleTail: error.consoleTail ?? (await readConsoleTail(consoleLog)),
    cause,
  });
}
