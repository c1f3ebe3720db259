import { withMachine } from '../sides.mjs';
import { median } from '../statistics.mjs';

const WARM_UPS = 5;
const RUNS = 50;
const BOUND = 3;

/** exec of `true` through the SDK, against the bare agent's own fork, exec and wait. */
export async function measureExec(sides, say) {
  const samples = await withMachine(sides.box, (box) => {
    if (!sides.bare) return run({ bare: [], box: [] }, { box });
    return withMachine(sides.bare, (bare) => run({ bare: [], box: [] }, { bare, box }));
  });
  const [value, floor] = [samples.box, samples.bare].map(median);
  say(
    `exec of true in a box: ${value.toFixed(2)} ms${sides.bare ? `, by the bare agent: ${floor.toFixed(2)} ms` : ''}`,
  );
  return [
    {
      id: 'exec',
      title: 'exec of true',
      unit: 'ms',
      value,
      ...(sides.bare ? { floor } : {}),
      bound: BOUND,
      isRatio: true,
      samples,
    },
  ];
}

/** One after the other on machines that stay up: a change of the weather meets both within milliseconds. */
async function run(samples, machines) {
  for (let count = 0; count < WARM_UPS + RUNS; count++) {
    for (const [name, machine] of Object.entries(machines)) {
      const ms = await machine.run();
      if (count >= WARM_UPS) samples[name].push(ms);
    }
  }
  return samples;
}
