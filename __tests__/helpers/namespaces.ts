import { spawnSync } from 'node:child_process';

const isRoot = process.geteuid?.() === 0;

/** A command that runs the rest of its arguments where it may change mounts and nobody else sees it; null where this user may not. */
export const inOwnMounts: string[] | null = isRoot ? working(['unshare', '--mount']) : null;

/** The same with process numbers of its own, which it may choose. */
export const inOwnPids: string[] | null = working([
  'unshare',
  ...(isRoot ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
]);

function working(command: string[]): string[] | null {
  const [file = '', ...args] = command;
  return spawnSync(file, [...args, 'true']).status === 0 ? command : null;
}
