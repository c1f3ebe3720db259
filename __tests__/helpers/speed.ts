// Iterations of this loop in 20 ms on a machine that runs a box in about a second.
const usualIterations = 10_000_000;

/** How much slower than usual this machine is, at least 1: the best of five looks, since others may be using it. */
export const slowness = Math.max(1, usualIterations / Math.max(...[1, 2, 3, 4, 5].map(() => iterationsIn(20))));

/** A deadline that fits this machine, milliseconds. */
export function scaled(ms: number): number {
  return Math.round(ms * slowness);
}

function iterationsIn(ms: number): number {
  const end = performance.now() + ms;
  let iterations = 0;
  let mixed = 1;
  while (performance.now() < end) {
    for (let i = 0; i < 1000; i++) mixed = (Math.imul(mixed, 1103515245) + 12345) | 0;
    iterations += 1000;
  }
  return mixed === 0 ? iterations + 1 : iterations;
}
