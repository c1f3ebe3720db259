import type { Home } from '../boxes/home';
import { findOrphans } from '../boxes/prune/orphans';
import { orphanDirectories } from '../boxes/recover/home';
import { findOutsideCgroup } from '../ownership/probe';
import type { Check } from './doctor';

/** Whether everything that runs or lies in the home is of a box, and every box is in its cgroup. */
export async function boxesCheck(home: Home | null): Promise<Check> {
  if (!home) return { id: 'boxes', status: 'warn', detail: 'not looked at: the home does not open', fix: 'See home.' };
  const outside = await outsiders(home);
  if (outside.length > 0) {
    const fix = 'Stop and start these boxes; if it lasts, look at the permissions of the cgroup tree.';
    return { id: 'boxes', status: 'fail', detail: `not in the cgroup of their box: ${outside.join(', ')}`, fix };
  }
  const strays = [...(await strayProcesses(home)), ...(await strayDirectories(home))];
  if (strays.length === 0) return { id: 'boxes', status: 'ok', detail: 'all processes and directories are of a box' };
  return {
    id: 'boxes',
    status: 'warn',
    detail: `of no box: ${strays.join(', ')}`,
    fix: 'runtime.prune() takes them away.',
  };
}

async function outsiders(home: Home): Promise<string[]> {
  const running = await home.store.boxes.ids(['running']);
  return running.flatMap((id) => findOutsideCgroup(id).map(({ pid, argv }) => `process ${pid} (${argv[0]}) of ${id}`));
}

async function strayProcesses(home: Home): Promise<string[]> {
  const orphans = await findOrphans(home);
  return orphans.flatMap(({ boxId, processes }) => processes.map(({ pid }) => `process ${pid} of ${boxId}`));
}

async function strayDirectories(home: Home): Promise<string[]> {
  return (await orphanDirectories(home)).map((id) => `directory boxes/${id}`);
}
