import { steadyPss } from '../pss.mjs';
import { median } from '../statistics.mjs';
import { requested, servePump } from './pump.mjs';
import { HOST, openSides } from './sides.mjs';

const ROUNDS = 7;
const MIB = 64;
const REQUESTS = 40;
// What it comes with, and the one that boxlite-netd has.
const MTUS = [1500, 65520];

/** Measures boxlite-netd and gvproxy by turns, in boxes of the same machine. Nothing that it started is left. */
export async function measureNetwork({ signal, say }) {
  const host = await servePump();
  try {
    const { sides, close } = await openSides({ mtus: MTUS, hostPort: host.port, signal });
    try {
      const samples = sides.map(() => ({ up: [], down: [], requestMs: [] }));
      // The first round warms both ends; it does not count.
      for (let round = 0; round <= ROUNDS; round++) {
        const turn = inTurn(sides, round);
        const taken = await sampled(turn, host, signal);
        for (const [index, sample] of taken) {
          say(`round ${round}: ${sides[index].name}: ${told(sample)}`);
          if (round > 0) for (const name of Object.keys(sample)) samples[index][name].push(sample[name]);
        }
      }
      // Pages of its file that others share count in part.
      for (const { box } of sides.slice(1)) await box.remove({ force: true });
      const usedMiB = await steadyPss(sides[0].pid, signal);
      return {
        idleMiB: sides[0].idleMiB,
        usedMiB,
        sides: sides.map(({ name }, index) => ({ name, ...medians(samples[index]) })),
      };
    } finally {
      await close();
    }
  } finally {
    await host.close();
  }
}

/** Who begins changes from round to round. */
function inTurn(sides, round) {
  return sides.map((_, step) => (step + round) % sides.length).map((index) => [index, sides[index]]);
}

/** One side after the other moves bytes; then requests go to each by turns, since a moment's load is longer than a request. */
async function sampled(turn, host, signal) {
  const samples = new Map();
  for (const [index, { box }] of turn) {
    const up = await moved(box, 'up', host, signal);
    samples.set(index, { up, down: await moved(box, 'down', host, signal) });
  }
  const times = new Map(turn.map(([index]) => [index, []]));
  for (let count = 0; count < REQUESTS; count++) {
    for (const [index, { port }] of turn) times.get(index).push(await requested(port));
  }
  for (const [index, sample] of samples) sample.requestMs = median(times.get(index));
  return samples;
}

async function moved(box, direction, host, signal) {
  const done = box.exec(['/pump', direction, HOST, String(host.port), String(MIB)], { check: true, signal });
  const [rate] = await Promise.all([host.transferred(), done]);
  return rate;
}

function told({ up, down, requestMs }) {
  return `${up.toFixed(0)} MiB/s up, ${down.toFixed(0)} MiB/s down, ${requestMs.toFixed(2)} ms a request`;
}

function medians(samples) {
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]));
}
