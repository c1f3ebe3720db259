// Iterations of this loop in 20 ms on a machine that runs a box in about a second.
const usualIterations = 10_000_000;

/** How much slower than usual this machine is, at least 1: the best of five looks, since others may be using it. */
export const slowness = Math.max(1, usualIterations / Math.max(...[1, 2, 3, 4, 5].map(() => iterationsIn(20))));

/** A deadline that fits this machine, milliseconds. */
export function scaled(ms: number): number {
  return Math.round(ms * slowness);
}

// Arithmetic alone: in jest each look at a global costs far more than the loop itself.
function iterationsIn(ms: number): number {
  const now = performance.now.bind(performance);
  const end = now() + ms;
  let iterations = 0;
  let mixed = 1;
  while (now() < end) {
    for (let i = 0; i < 10_000; i++) {
      mixed ^= mixed << 13;
      mixed ^= mixed >>> 17;
      mixed ^= mixed << 5;
    }
    iterations += 10_000;
  }
  return mixed === 0 ? 0 : iterations;
}
