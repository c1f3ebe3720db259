import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const EVERY_MS = 500;
const STEADY_READINGS = 10;
const STEADY_KIB = 256;
const PATIENCE_MS = 120_000;

/** A process's own share of memory in MiB, once it is steady: a guest gives pages back for some seconds after its boot. */
export async function steadyPss(pid, signal) {
  const readings = [];
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    readings.push(pssKiB(pid));
    const last = readings.slice(-STEADY_READINGS);
    if (last.length === STEADY_READINGS && Math.max(...last) - Math.min(...last) <= STEADY_KIB)
      return last.at(-1) / 1024;
    if (performance.now() > deadline)
      throw new Error(`the memory of process ${pid} is not steady: ${last.join(', ')} KiB`);
    await delay(EVERY_MS, undefined, { signal });
  }
}

function pssKiB(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(text.match(/^Pss: +(\d+) kB$/m)[1]);
}
