import { readdirSync, readFileSync } from 'node:fs';
import type { Box } from '../../lib/index';

/** The pid of the box's boxlite-netd, by its arguments. */
export function netdOf(box: Box): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [program = '', id] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (program.endsWith('/boxlite-netd') && id === box.id) return Number(pid);
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error(`no boxlite-netd of ${box.id}`);
}
