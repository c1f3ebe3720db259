import { join } from 'node:path';
import { out } from '../setup/paths.mjs';

export const lab = join(out, 'lab');
export const kernel = join(lab, 'vmlinuz');
/** The kernel package's root directory, of which only the modules are left. */
export const kernelRoot = join(lab, 'kernel');
export const initramfs = join(lab, 'initramfs.gz');
/** What QEMU is given and leaves, a directory for each run. */
export const runs = join(lab, 'runs');
