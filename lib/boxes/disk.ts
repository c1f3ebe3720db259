import { nativeFile } from '../native/load';
import type { Deadline } from '../util/deadline';
import { asHostFailure } from '../util/host-failure';
import { writeDiskFromTemplate } from './disk-template';

export const defaultDiskMiB = 4096;
const mib = 1024 * 1024;

/** Makes a box's own empty disk: sparse, from the template at its size or the small one that the guest grows. */
export async function makeDisk(path: string, diskMiB: number, deadline: Deadline): Promise<void> {
  const template = nativeFile(diskMiB < defaultDiskMiB ? 'disk-64.tpl' : 'disk-4096.tpl');
  try {
    await writeDiskFromTemplate(template, path, diskMiB * mib, deadline.signal);
  } catch (error) {
    deadline.throwIfOver();
    throw asHostFailure(`Making the disk ${path} of ${diskMiB} MiB`, error, 'boot-failed');
  }
}
