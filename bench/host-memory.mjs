import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const piece = Buffer.alloc(2 ** 20, 'x');

/**
 * Writes to so much memory that is free, and lets go of it. Where this host is a virtual machine, its hypervisor may
 * have taken free pages back, and gives each again when it is first written to, at some ten times the usual cost. What
 * is written to a file meets that, and what goes through a channel does not.
 */
export function touchFreeMemory(bytes) {
  const directory = mkdtempSync(join(tmpdir(), 'boxlite-bench-memory-'));
  try {
    for (let written = 0; written < bytes; written += piece.length) appendFileSync(join(directory, 'touched'), piece);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
