import { spawnSync } from 'node:child_process';

// What starting and ending a small program takes on a machine that boots a box in about a second.
const usualMs = 6;
// Past this a deadline would hide a hang for too long.
const most = 12;

/** How much slower than usual this machine is at what the tests do, from 1 to 12: the best of five looks. */
export const slowness = Math.min(most, Math.max(1, Math.min(...[1, 2, 3, 4, 5].map(startAndEnd)) / usualMs));

/** A deadline that fits this machine, milliseconds. */
export function scaled(ms: number): number {
  return Math.round(ms * slowness);
}

function startAndEnd(): number {
  const began = performance.now();
  spawnSync('/bin/true');
  return performance.now() - began;
}
