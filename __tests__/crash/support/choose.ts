/** Which of many cases are run, and why it were these: printed, so that a run can be made again. */
export interface Choice<T> {
  chosen: T[];
  seed: number;
}

/** All of them, or as many as are asked for, picked by the seed. */
export function choose<T>(all: readonly T[], count: number, seed: number): Choice<T> {
  if (count >= all.length) return { chosen: [...all], seed };
  const random = randomOf(seed);
  const left = [...all];
  const picked = new Set<T>();
  while (picked.size < count) picked.add(left.splice(Math.floor(random() * left.length), 1)[0] as T);
  // In their own order, which the printed matrix has too.
  return { chosen: all.filter((one) => picked.has(one)), seed };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from the environment of the tests, as their commands set it. */
export function setting(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = text === 'all' ? Number.MAX_SAFE_INTEGER : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`Expected a whole number for ${name} but received '${text}'`);
}

export function newSeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}
