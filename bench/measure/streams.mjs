import { touchFreeMemory } from '../host-memory.mjs';
import { streamBytes } from '../machine.mjs';
import { withMachine } from '../sides.mjs';
import { median } from '../statistics.mjs';

// How fast a machine streams is settled in part when it boots: several are asked, a few times each.
const BOOTS = 3;
const ROUNDS = 3;
const WARM_UPS = 1;
const MIB = 2 ** 20;
const WAYS = [
  { id: 'stdout', title: 'stdout of 64 MiB', way: 'streamOut', atLeast: 0.5 },
  { id: 'upload', title: 'upload of 64 MiB', way: 'streamIn', atLeast: 0.4 },
];

/** A command's output and an upload, against what the bare agent sends and takes over the same channel. */
export async function measureStreams(sides, say) {
  const samples = Object.fromEntries(WAYS.map(({ id }) => [id, { bare: [], box: [] }]));
  for (let boot = 0; boot < BOOTS; boot++) {
    await withMachine(sides.bare, (bare) =>
      withMachine(sides.box, async (box) => {
        for (const { id, way } of WAYS) await stream(way, { bare, box }, samples[id]);
      }),
    );
  }
  return WAYS.map((way) => summary(way, samples[way.id], say));
}

async function stream(way, machines, samples) {
  touchFreeMemory((WARM_UPS + ROUNDS + 1) * streamBytes);
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    for (const [name, machine] of Object.entries(machines)) {
      const ms = await machine[way]();
      if (round >= 0) samples[name].push(((streamBytes / MIB) * 1000) / ms);
    }
  }
}

function summary({ way: _, ...result }, samples, say) {
  const [value, floor] = [median(samples.box), median(samples.bare)];
  say(`${result.title}: ${value.toFixed(1)} MiB/s, by the bare agent: ${floor.toFixed(1)} MiB/s`);
  return { ...result, unit: 'MiB/s', value, floor, isRatio: true, samples };
}
