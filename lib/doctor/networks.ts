import { basename } from 'node:path';
import type { Home } from '../boxes/home';
import { netdSettings } from '../network/settings';
import { findAllBoxPrograms } from '../ownership/probe';
import type { Check } from './doctor';

/** Whether every box that runs with a network has its process still. */
export async function networksCheck(home: Home | null): Promise<Check> {
  if (!home)
    return { id: 'networks', status: 'warn', detail: 'not looked at: the home does not open', fix: 'See home.' };
  const rows = (await home.store.boxes.unsettled()).filter(({ state }) => state === 'running');
  const networked = rows.filter(({ options }) => netdSettings(options) !== null).map(({ id }) => id);
  return networksFinding(
    networked,
    findAllBoxPrograms().map(({ boxId, identity }) => ({ boxId, program: basename(identity.argv[0] ?? '') })),
  );
}

/** Of boxes that run with a network, by the programs that are there. One whose shim has ended has ended itself. */
export function networksFinding(networked: readonly string[], programs: readonly BoxProgram[]): Check {
  const has = (id: string, wanted: string) => programs.some(({ boxId, program }) => boxId === id && program === wanted);
  const lost = networked.filter((id) => has(id, 'boxlite-shim') && !has(id, 'boxlite-netd'));
  if (lost.length === 0) return { id: 'networks', status: 'ok', detail: 'every box that runs with a network has it' };
  return {
    id: 'networks',
    status: 'warn',
    detail: `without their network, whose process ended twice: ${lost.join(', ')}`,
    fix: "Stop and start these boxes; netd.log in a box's directory says how it ended.",
  };
}

export interface BoxProgram {
  boxId: string;
  program: string;
}
