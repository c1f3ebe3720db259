import { inTurns } from '../sides.mjs';
import { median } from '../statistics.mjs';

const ROUNDS = 2;
const WARM_UPS = 5;
const RUNS_A_ROUND = 25;
const BOUND = 3;

/** exec of `true` through the SDK, against the bare agent's own fork, exec and wait. */
export async function measureExec(sides, say) {
  const rounds = await inTurns(sides, ROUNDS, async (machine) => {
    for (let run = 0; run < WARM_UPS; run++) await machine.run();
    const runs = [];
    for (let run = 0; run < RUNS_A_ROUND; run++) runs.push(await machine.run());
    say(`exec of true ${machine.engine ? 'in a box' : 'by the bare agent'}: ${median(runs).toFixed(2)} ms`);
    return runs;
  });
  const samples = { bare: rounds.bare.flat(), box: rounds.box.flat() };
  return [
    {
      id: 'exec',
      title: 'exec of true',
      unit: 'ms',
      value: median(samples.box),
      ...(sides.bare ? { floor: median(samples.bare) } : {}),
      bound: BOUND,
      isRatio: true,
      samples,
    },
  ];
}
