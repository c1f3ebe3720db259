#!/usr/bin/env node
// npm run bench:network: a box's TCP throughput, and the latency of its published port, through boxlite-netd and through
// stock gvproxy, by turns in one run with the qemu engine; and what an idle boxlite-netd holds.
import { endSignal } from '../bench/end-signal.mjs';
import { buildNetworkBench } from '../bench/network/build.mjs';
import { measureNetwork } from '../bench/network/measure.mjs';
import { setup } from './setup.mjs';

const LEAST_THROUGHPUT = 0.6;
const MOST_LATENCY = 1.5;
const MOST_IDLE_MIB = 25;

await setup({ for: 'test' });
await buildNetworkBench();
const { idleMiB, usedMiB, sides } = await measureNetwork({ signal: endSignal(), say: console.log });
const [ours, ...theirs] = sides;
for (const side of sides) {
  const { name, up, down, requestMs } = side;
  console.log(
    `${name}: ${up.toFixed(0)} MiB/s up, ${down.toFixed(0)} MiB/s down, ${requestMs.toFixed(2)} ms a request`,
  );
}

// The better of gvproxy's settings is what counts.
const best = (name, choose) => choose(...theirs.map((side) => side[name]));
const verdicts = [
  judged('throughput out of the guest', ours.up / best('up', Math.max), '>=', LEAST_THROUGHPUT),
  judged('throughput into the guest', ours.down / best('down', Math.max), '>=', LEAST_THROUGHPUT),
  judged("a published port's latency", ours.requestMs / best('requestMs', Math.min), '<=', MOST_LATENCY),
  judged('PSS of an idle boxlite-netd, MiB', idleMiB, '<=', MOST_IDLE_MIB),
  judged('the same after all of this, MiB', usedMiB, '<=', MOST_IDLE_MIB),
];
process.exitCode = verdicts.every(Boolean) ? 0 : 1;

function judged(title, value, comparison, bound) {
  const isKept = comparison === '<=' ? value <= bound : value >= bound;
  console.log(`${title}: ${value.toFixed(2)}, ${comparison} ${bound} is asked for: ${isKept ? 'pass' : 'FAIL'}`);
  return isKept;
}
