import type { ImageUse } from '../store/images';
import type { Deadline } from '../util/deadline';
import { type ImageHome, sweepImages } from './sweep';

const mib = 1024 * 1024;

export interface PruneOptions {
  /** Images that are not in use may stay up to this size in all, those used last first. Default: none stays. */
  maxDiskMiB?: number | undefined;
  dryRun: boolean;
}

/** Deletes images that no box was made of, the one used longest ago first, and what dead pulls and builds have left. */
export async function pruneImages(
  home: ImageHome,
  { maxDiskMiB = 0, dryRun }: PruneOptions,
  deadline: Deadline,
): Promise<{ freedBytes: number; items: string[] }> {
  const sweep = {
    unused: (uses: ImageUse[]) => uses.filter(({ boxes }) => boxes.length === 0),
    maxBytes: maxDiskMiB * mib,
    orphans: true,
    dryRun,
  };
  const { freedBytes, items, gone } = await sweepImages(home, sweep, deadline);
  const images = gone.flatMap(({ refs, digest }) => (refs.length > 0 ? refs : [digest]));
  return { freedBytes, items: [...images.map((name) => `image ${name}`), ...items.map((name) => `images/${name}`)] };
}
