import { withMachine } from '../sides.mjs';
import { median } from '../statistics.mjs';

const WARM_UPS = 5;
const TURNS = 5;
const WARM_UPS_A_TURN = 2;
const RUNS_A_TURN = 10;
const BOUND = 3;

/** exec of `true` through the SDK, against the bare agent's own fork, exec and wait. */
export async function measureExec(sides, say) {
  const samples = await withMachine(sides.box, (box) => {
    if (!sides.bare) return runInTurns({ box });
    return withMachine(sides.bare, (bare) => runInTurns({ bare, box }));
  });
  const value = median(samples.box);
  const floor = samples.bare && median(samples.bare);
  say(`exec of true in a box: ${value.toFixed(2)} ms${floor ? `, by the bare agent: ${floor.toFixed(2)} ms` : ''}`);
  return [
    {
      id: 'exec',
      title: 'exec of true',
      unit: 'ms',
      value,
      ...(floor ? { floor } : {}),
      bound: BOUND,
      isRatio: true,
      samples,
    },
  ];
}

/** In short turns on machines that stay up, since the weather changes faster than a machine boots. */
export async function runInTurns(machines) {
  const samples = Object.fromEntries(Object.keys(machines).map((name) => [name, []]));
  for (const machine of Object.values(machines)) await run(machine, WARM_UPS);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [name, machine] of Object.entries(machines)) {
      await run(machine, WARM_UPS_A_TURN);
      samples[name].push(...(await run(machine, RUNS_A_TURN)));
    }
  }
  return samples;
}

async function run(machine, times) {
  const samples = [];
  for (let count = 0; count < times; count++) samples.push(await machine.run());
  return samples;
}
