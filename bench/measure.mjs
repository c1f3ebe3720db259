import { BareMachine } from './bare/machine.mjs';
import { Product } from './box.mjs';
import { busyMachine } from './machine.mjs';
import { measureBoot } from './measure/boot.mjs';
import { measureConcurrency } from './measure/commands.mjs';
import { measureExec } from './measure/exec.mjs';
import { measureMemory } from './measure/memory.mjs';
import { measurePeer } from './measure/peer.mjs';
import { measureSize } from './measure/size.mjs';
import { measureStreams } from './measure/streams.mjs';
import { withMachine } from './sides.mjs';

/** What is measured, in this order. */
export const PARTS = ['boot', 'exec', 'memory', 'size', 'streams', 'concurrency', 'peer'];

/**
 * Measures everything, or the parts that are named, that runs with the engine, 'auto' as well; what needs krun comes without its floor elsewhere.
 * Nothing that it started runs any more when it settles.
 */
export async function measureAll({ engine, only = PARTS, signal, say }) {
  const box = await Product.open(engine, signal);
  try {
    // Builds the image disk, and brings the files of both sides into memory; it does not count.
    const used = await withMachine(box, (machine) => machine.engine);
    const bare = used === 'krun' ? { boot: () => BareMachine.boot(used, signal) } : undefined;
    if (bare) await withMachine(bare, () => {});
    const sides = { box, bare };
    const busy = {
      engine: used,
      box: { boot: () => box.boot(busyMachine) },
      bare: { boot: () => BareMachine.boot(used, signal, busyMachine) },
    };
    const measures = {
      boot: () => measureBoot(sides, say),
      exec: () => measureExec(sides, say),
      memory: () => measureMemory(sides, say, signal),
      size: () => measureSize(),
      streams: () => measureStreams(busy, say),
      concurrency: () => measureConcurrency(busy, say),
      peer: () => measurePeer(busy, say, signal),
    };
    const results = [];
    for (const part of only) results.push(await measures[part]());
    return { engine: used, results: results.flat() };
  } finally {
    await box.close();
  }
}
