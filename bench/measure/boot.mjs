import { inTurns } from '../sides.mjs';
import { median } from '../statistics.mjs';

const ROUNDS = 7;
const BOUND = 1.3;

/** createBox to the first exec's result, against the bare machine from its spawning to hello. */
export async function measureBoot(sides, say) {
  const steps = [];
  const samples = await inTurns(sides, ROUNDS, ({ bootMs, timings }) => {
    if (timings) steps.push(timings);
    say(`boot of ${timings ? 'a box' : 'the bare machine'}: ${bootMs.toFixed(0)} ms`);
    return bootMs;
  });
  return [
    {
      id: 'boot',
      title: "createBox to the first exec's result",
      unit: 'ms',
      value: median(samples.box),
      ...(sides.bare ? { floor: median(samples.bare) } : {}),
      bound: BOUND,
      isRatio: true,
      samples,
      steps: stepMedians(steps),
    },
  ];
}

function stepMedians(steps) {
  const names = Object.keys(steps[0]).filter((name) => name.endsWith('Ms'));
  return Object.fromEntries(names.map((name) => [name, median(steps.map((step) => step[name]))]));
}
