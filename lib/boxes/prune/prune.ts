import { pruneImages } from '../../images/prune';
import type { Deadline } from '../../util/deadline';
import type { Home } from '../home';
import { imageHome } from '../home-images';
import { recoverHome } from '../recover/home';
import {
  type PruneSettings,
  type Sweeper,
  type Swept,
  sweepCgroups,
  sweepDirectories,
  sweepLinks,
  sweepProcesses,
} from './sweepers';

const sweepImages: Sweeper = (home, settings, deadline) => pruneImages(imageHome(home), settings, deadline);

// In this order: what a process holds is free when it has ended, and so is the image of a box that is gone.
const sweepers: readonly Sweeper[] = [sweepProcesses, sweepDirectories, sweepLinks, sweepCgroups, sweepImages];

/** Deletes what nobody needs any more, and makes the home true. With `dryRun` it only says what would be deleted. */
export async function prune(home: Home, settings: PruneSettings, deadline: Deadline): Promise<Swept> {
  const all: Swept = { freedBytes: 0, items: [] };
  for (const sweep of sweepers) {
    deadline.throwIfOver();
    const { freedBytes, items } = await sweep(home, settings, deadline);
    all.freedBytes += freedBytes;
    all.items.push(...items);
  }
  if (!settings.dryRun) await recoverHome(home);
  return all;
}
