import { mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const homes = new Set<string>();

/** A home of this test file's own; it is checked for leftovers and removed after the file. */
export function tempHome(): string {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'boxlite-home-')));
  homes.add(home);
  return home;
}

export function knownHomes(): readonly string[] {
  return [...homes];
}

export async function removeHomes(): Promise<void> {
  for (const home of homes) await rm(home, { recursive: true, force: true });
  homes.clear();
}
