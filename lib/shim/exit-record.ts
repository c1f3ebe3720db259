import { readFile } from 'node:fs/promises';
import { signalName } from '../options/signals';
import type { ExitInfo, ExitReason } from '../types';
import { errnoOf } from '../util/files';

const reasons = new Set<ExitReason>(['stopped', 'killed', 'host-exit', 'guest-exit', 'crash', 'oom']);

/** The shim's last word on how its box ended; null when it left none, or one that cannot be read. */
export async function readExitRecord(path: string): Promise<ExitInfo | null> {
  try {
    return parseExitRecord(await readFile(path, 'utf8'));
  } catch (error) {
    if (errnoOf(error) !== undefined) return null;
    throw error;
  }
}

/** What the box's network told and no program has kept, as the shim left it with its last word. */
export async function readUnkept(path: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  try {
    const { unkept } = JSON.parse(text) as Record<string, unknown>;
    return Array.isArray(unkept) ? unkept : [];
  } catch {
    return [];
  }
}

export function parseExitRecord(text: string): ExitInfo | null {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { reason, code, signal, at, consoleTail } = value;
  const date = new Date(String(at));
  if (!reasons.has(reason as ExitReason) || Number.isNaN(date.getTime())) return null;
  return {
    reason: reason as ExitReason,
    at: date,
    consoleTail: typeof consoleTail === 'string' ? consoleTail : '',
    ...(typeof code === 'number' ? { code } : {}),
    ...(typeof signal === 'number' ? { signal: signalName(signal) } : {}),
  };
}

/** What is said of a run that ended without a record: its shim was killed, or the machine went down. */
export function lostExit(at: Date): ExitInfo {
  return { reason: 'lost', at, consoleTail: '' };
}
