import * as childProcess from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runtime } from '../../lib/index';
import { native } from '../../lib/native/load';
import { tempHome } from '../helpers/homes';
import { addStoppedBoxes } from '../helpers/rows';
import { homeOf, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

// The best of several looks: the machine may be busy with something else.
const looks = 9;
const mostLooks = 100;

describe('listBoxes', () => {
  test('answers for 1,000 rows in at most twice the time of 10 and 20 ms more, and starts no process', async () => {
    const few = await homeWith(10);
    const many = await homeWith(1_000);
    const starts = [
      jest.spyOn(native(), 'spawn'),
      ...(['spawn', 'execFile', 'spawnSync', 'execFileSync'] as const).map((name) => jest.spyOn(childProcess, name)),
    ];
    let [fewMs, manyMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const holds = () => manyMs <= 2 * fewMs + scaled(20);
    for (let look = 0; look < looks || (look < mostLooks && !holds()); look++) {
      fewMs = Math.min(fewMs, await timeOf(few, 10));
      manyMs = Math.min(manyMs, await timeOf(many, 1_000));
    }
    process.stdout.write(`listBoxes: 10 rows in ${fewMs.toFixed(1)} ms, 1,000 rows in ${manyMs.toFixed(1)} ms\n`);
    expect(manyMs).toBeLessThanOrEqual(2 * fewMs + scaled(20));
    for (const start of starts) expect(start).not.toHaveBeenCalled();
    jest.restoreAllMocks();
    // These boxes never were more than rows and directories.
    for (const runtime of [few, many]) await rm(join(homeOf(runtime), 'boxes'), { recursive: true });
  });
});

async function homeWith(count: number): Promise<Runtime> {
  const home = tempHome();
  await addStoppedBoxes(home, count);
  return tempRuntime({ home });
}

async function timeOf(runtime: Runtime, count: number): Promise<number> {
  const began = performance.now();
  let listed = 0;
  for await (const { state } of runtime.listBoxes()) listed += Number(state === 'stopped');
  const ms = performance.now() - began;
  expect(listed).toBe(count);
  return ms;
}
