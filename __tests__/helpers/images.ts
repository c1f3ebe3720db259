import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const project = join(__dirname, '../..');

/** An OCI layout with busybox alone, about 1 MB: the image of tests that need nothing else. */
export function busyboxImage(): string {
  return made('busybox');
}

/** An OCI layout with this machine's Node and npm. Making it takes some seconds. */
export function nodeImage(): string {
  return made('node');
}

/** An OCI layout with Python from Debian packages. Making it takes the network, and some seconds. */
export function pythonImage(): string {
  return made('python');
}

/** A program of the tests for a guest, built at set-up: go/internal/nettest/guestframes says what it does. */
export function guestFrames(): Buffer {
  return readFileSync(join(project, 'out/tests/guestframes'));
}

function made(name: 'busybox' | 'node' | 'python'): string {
  const directory = join(project, 'out/images', name);
  if (!existsSync(join(directory, 'index.json'))) {
    execFileSync(process.execPath, [join(project, 'scripts/images', `${name}.mjs`), directory]);
  }
  return directory;
}
