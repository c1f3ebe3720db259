import { withMachine } from '../sides.mjs';
import { median } from '../statistics.mjs';

const ROUNDS = 5;
const COMMANDS = 50;
const BOUND = 1.5;

/** Many commands at once, against the same one after the other: how many a second. */
export async function measureConcurrency({ box }, say) {
  const samples = { atOnce: [], oneByOne: [] };
  await withMachine(box, async (machine) => {
    await machine.runMany(COMMANDS, COMMANDS);
    for (let round = 0; round < ROUNDS; round++) {
      samples.oneByOne.push(rate(await machine.runMany(COMMANDS, 1)));
      samples.atOnce.push(rate(await machine.runMany(COMMANDS, COMMANDS)));
    }
  });
  const [value, floor] = [median(samples.atOnce), median(samples.oneByOne)];
  say(`exec of true: ${floor.toFixed(0)} a second one by one, ${value.toFixed(0)} with ${COMMANDS} at once`);
  const title = `${COMMANDS} commands at once, to one by one`;
  return [{ id: 'concurrency', title, unit: '/s', value, floor, atLeast: BOUND, isRatio: true, samples }];
}

function rate(ms) {
  return (COMMANDS * 1000) / ms;
}
