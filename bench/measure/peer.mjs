import { Peer } from '../peer.mjs';
import { withMachine } from '../sides.mjs';
import { median } from '../statistics.mjs';
import { runInTurns } from './exec.mjs';

const BOUND = 1 / 3;

/** exec of `true` against the same of a peer; without one that runs here there is no floor. */
export async function measurePeer({ box, engine }, say, signal) {
  const result = { id: 'peer-exec', title: 'exec of true, to BoxLite 0.10.0', unit: 'ms', bound: BOUND, isRatio: true };
  if (engine !== 'krun') return [result];
  const samples = await withMachine({ boot: () => Peer.boot(signal) }, (peer) =>
    withMachine(box, (machine) => runInTurns({ peer, box: machine })),
  );
  const [value, floor] = [median(samples.box), median(samples.peer)];
  say(`exec of true: ${value.toFixed(2)} ms, by BoxLite 0.10.0: ${floor.toFixed(2)} ms`);
  return [{ ...result, value, floor, samples }];
}
