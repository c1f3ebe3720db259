import { availableParallelism, totalmem } from 'node:os';
import { BoxliteError } from '../errors';
import type { CheckedBoxOptions } from '../options/box';
import type { Home } from './home';

const mib = 1024 * 1024;

/** 'box-exists' before any work is done; the row's own uniqueness decides in the end. */
export async function requireFreeName(home: Home, name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const holder = await home.store.boxes.find(name);
  if (!holder) return;
  throw new BoxliteError('box-exists', `A box named '${name}' exists already`, {
    box: holder.id,
    hint: 'Remove it, choose another name, or get it with getBox().',
  });
}

/** 'limit' for a machine that this host cannot give. */
export function requireMachine({ memoryMiB, cpus }: Pick<CheckedBoxOptions, 'memoryMiB' | 'cpus'>): void {
  const hostMiB = Math.floor(totalmem() / mib);
  if (memoryMiB > hostMiB) {
    throw new BoxliteError(
      'limit',
      `A box with memoryMiB ${memoryMiB} does not fit this host, which has ${hostMiB} MiB`,
      {
        hint: 'Choose a smaller memoryMiB.',
      },
    );
  }
  const hostCpus = availableParallelism();
  if (cpus > Math.max(hostCpus, 1) * 8) {
    throw new BoxliteError('limit', `A box with cpus ${cpus} asks for more than 8 times the ${hostCpus} of this host`, {
      hint: 'Choose fewer cpus.',
    });
  }
}
