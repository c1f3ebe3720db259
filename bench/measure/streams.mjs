import { streamBytes } from '../machine.mjs';
import { withMachine } from '../sides.mjs';
import { median } from '../statistics.mjs';

const ROUNDS = 7;
const MIB = 2 ** 20;
const WAYS = [
  { id: 'stdout', title: 'stdout of 64 MiB', way: 'streamOut', atLeast: 0.5 },
  { id: 'upload', title: 'upload of 64 MiB', way: 'streamIn', atLeast: 0.4 },
];

/** A command's output and an upload, against what the bare agent sends and takes over the same channel. */
export async function measureStreams(sides, say) {
  return await withMachine(sides.bare, (bare) =>
    withMachine(sides.box, async (box) => {
      const results = [];
      for (const way of WAYS) results.push(await measureWay(way, { bare, box }, say));
      return results;
    }),
  );
}

async function measureWay({ way, ...result }, machines, say) {
  const samples = { bare: [], box: [] };
  for (const machine of Object.values(machines)) await machine[way]();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, machine] of Object.entries(machines)) samples[name].push(rate(await machine[way]()));
  }
  const [value, floor] = [median(samples.box), median(samples.bare)];
  say(`${result.title}: ${value.toFixed(1)} MiB/s, by the bare agent: ${floor.toFixed(1)} MiB/s`);
  return { ...result, unit: 'MiB/s', value, floor, isRatio: true, samples };
}

function rate(ms) {
  return ((streamBytes / MIB) * 1000) / ms;
}
