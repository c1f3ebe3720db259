import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const out = join(root, 'out');
export const native = join(out, 'native');
export const cache = join(out, 'cache');
export const logs = join(out, 'logs');
export const stamps = join(out, 'stamps');

/** PATH with the directories of e2fsprogs and kmod, which an ordinary user's PATH lacks. */
export const searchPath = [process.env.PATH ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);

export function hasCommand(name) {
  return searchPath.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return directory !== '';
    } catch {
      return false;
    }
  });
}
