import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const project = join(__dirname, '../..');

/** An OCI layout with busybox alone, about 1 MB: the image of tests that need nothing else. */
export function busyboxImage(): string {
  return made('busybox');
}

/** An OCI layout with Python from Debian packages. Making it takes the network, and some seconds. */
export function pythonImage(): string {
  return made('python');
}

/** Does nothing when the image is there. */
function made(name: 'busybox' | 'python'): string {
  const directory = join(project, 'out/images', name);
  execFileSync(process.execPath, [join(project, 'scripts/images', `${name}.mjs`), directory]);
  return directory;
}
