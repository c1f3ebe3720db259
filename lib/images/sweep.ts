import { access } from 'node:fs/promises';
import type { ImageUse } from '../store/images';
import type { Store } from '../store/open';
import type { Deadline } from '../util/deadline';
import { errnoOf } from '../util/files';
import { hexOf, imagesDirectory } from './disk';
import { clearStore } from './hold';
import { runTool } from './tool';

// Who pulls or builds holds the store, for minutes maybe; a sweep waits for those that are nearly done, and then leaves
// alone what may be the others'.
const waitMs = 2_000;

export interface ImageHome {
  path: string;
  store: Store;
  /** Where a box keeps its own link to the disk of its image. */
  boxDisk: (boxId: string) => string;
}

interface Swept {
  freedBytes: number;
  /** What belonged to no image. */
  items: string[];
  /** Images that went, as hex. */
  dropped: string[];
}

export interface Sweep {
  /** What may go, the first first; all else that is known stays. */
  unused: (uses: ImageUse[]) => ImageUse[];
  /** Stop when the store is no larger. */
  maxBytes: number;
  /** What belongs to no image goes too. */
  orphans: boolean;
  dryRun: boolean;
}

/** Deletes images with their blobs, as far as no other image has them; their rows go with them. */
export async function sweepImages(
  home: ImageHome,
  sweep: Sweep,
  deadline: Deadline,
): Promise<Swept & { gone: ImageUse[] }> {
  return clearStore(home.path, waitMs, deadline, async (isAlone, lock) => {
    const uses = await home.store.images.uses();
    const unused = sweep.unused(uses);
    const request = {
      images: imagesDirectory(home.path),
      keep: uses.filter((use) => !unused.includes(use)).map(named),
      unused: unused.map(named),
      disks: await disksInUse(home),
      maxBytes: sweep.maxBytes,
      orphans: sweep.orphans && isAlone,
      disksOnly: !isAlone,
      dryRun: sweep.dryRun,
    };
    const swept = await runTool<Swept>({ command: 'sweep', request, lock }, deadline);
    const gone = unused.filter(({ digest }) => swept.dropped.includes(hexOf(digest)));
    if (!sweep.dryRun) for (const { digest } of gone) await home.store.images.remove(digest);
    return { ...swept, gone };
  });
}

function named({ digest, targets }: ImageUse) {
  return { digest: hexOf(digest), targets: targets.map(hexOf) };
}

/** Disks that a box has no link of its own to, as on file systems without hard links: they stay until the box goes. */
async function disksInUse(home: ImageHome): Promise<string[]> {
  const boxes = await home.store.images.ofBoxes();
  const linked = await Promise.all(boxes.map(({ id }) => isThere(home.boxDisk(id))));
  return boxes.filter((_, at) => !linked[at]).map(({ digest }) => hexOf(digest));
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
