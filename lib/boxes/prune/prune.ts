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

/** Makes the home true, then deletes what nobody needs any more. With `dryRun` it only says what that would be. */
export async function prune(home: Home, settings: PruneSettings, deadline: Deadline): Promise<Swept> {
  await recoverHome(home);
  const all: Swept = { freedBytes: 0, items: [] };
  for (const sweep of sweepers) {
    deadline.throwIfOver();
    const { freedBytes, items } = await sweep(home, settings, deadline);
    all.freedBytes += freedBytes;
    all.items.push(...items);
  }
  return all;
}
