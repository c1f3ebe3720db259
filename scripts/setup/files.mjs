import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, renameSync } from 'node:fs';

/** Copies so that the target is never seen half written, and a running program keeps the old one. */
export function installFile(source, target) {
  copyFileSync(source, `${target}.new`);
  renameSync(`${target}.new`, target);
}

export function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
