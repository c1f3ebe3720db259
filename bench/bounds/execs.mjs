import { held, heldAfterCollection } from './held.mjs';
import { atMost, same } from './verdict.mjs';

const AT_ONCE = 10;
const WARM_UP = 400;
const MOST_MIB = { client: 0.5, shim: 0.25, agent: 0.25 };

/** Many commands on one box, each with a pipe and a child that outlives it, leave nothing behind. */
export async function boundExecs({ box, shim, count, say }) {
  await round(box, WARM_UP, () => {});
  const before = await settled(box, shim);
  await round(box, count, (done) => {
    if (done % 200 === 0) say(`${done} of ${count} commands`);
  });
  const after = await settled(box, shim);
  return [
    ...Object.keys(before.counts).map((name) =>
      same(`${count} commands: ${name}`, before.counts[name], after.counts[name]),
    ),
    ...Object.keys(MOST_MIB).map((who) =>
      atMost(`${count} commands: growth of the ${who}`, after.memory[who] - before.memory[who], MOST_MIB[who]),
    ),
  ];
}

async function round(box, count, told) {
  let left = count;
  const runOneByOne = async () => {
    while (left-- > 0) {
      await box.exec('echo x | cat; sleep 0.01 &', { check: true });
      told(count - Math.max(0, left));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runOneByOne));
}

async function settled(box, shim) {
  while ((await box.exec('pidof sleep')).ok) {}
  const { memory, counts } = await held(box, shim);
  return { memory: { ...memory, client: heldAfterCollection() }, counts };
}
