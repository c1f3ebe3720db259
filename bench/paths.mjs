import { join } from 'node:path';
import { native, out, root } from '../scripts/setup/paths.mjs';

export const built = join(out, 'bench');

/** Writes to its standard output in a box what the bare agent writes to its channel. */
export const stream = join(built, 'stream');

export const bare = {
  runner: join(built, 'bare_runner'),
  disk: join(built, 'bare.ext4'),
  libkrun: join(native, 'libkrun.so.1'),
  libkrunfw: join(native, 'libkrunfw.so.5'),
  kernel: join(native, 'vmlinux.krun'),
};

export const agent = join(native, 'boxlite-agent');
export const image = join(out, 'images', 'busybox');
export const sdk = join(root, 'dist', 'index.js');
export const ownership = join(root, 'dist', 'ownership.js');
