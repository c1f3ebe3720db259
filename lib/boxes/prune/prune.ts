import type { Deadline } from '../../util/deadline';
import type { Home } from '../home';
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

// In this order: what a process holds is free when it has ended.
const sweepers: readonly Sweeper[] = [sweepProcesses, sweepDirectories, sweepLinks, sweepCgroups];

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
