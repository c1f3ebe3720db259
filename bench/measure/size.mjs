import { statSync } from 'node:fs';
import { agent } from '../paths.mjs';

const BOUND_MIB = 2.5;

/** The size of the guest's agent on disk. */
export function measureSize() {
  const value = statSync(agent).size / 2 ** 20;
  return [{ id: 'agent-size', title: 'boxlite-agent on disk', unit: 'MiB', value, bound: BOUND_MIB, isRatio: false }];
}
