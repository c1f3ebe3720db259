import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { boxPaths } from '../../lib/boxes/directory';
import { Runtime } from '../../lib/index';
import { tempHome } from '../helpers/homes';
import { addStoppedBoxes } from '../helpers/rows';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

const alive = 5;
const stopped = 1_000;
// The best of several looks: the machine may be busy with something else.
const looks = 7;

describe(`recovery on ${engine}`, () => {
  test(`R9: of a home with ${stopped} stopped rows and ${alive} live boxes takes at most twice that of one with ${alive} live boxes alone`, async () => {
    const home = tempHome();
    const runtime = tempRuntime({ home });
    const boxes = [];
    for (let made = 0; made < alive; made++) boxes.push(await createdBox(runtime, { memoryMiB: 128 }));
    const alone = await recoveryMs(home, boxes[0]?.id ?? '');
    await addStoppedBoxes(home, stopped);
    const among = await recoveryMs(home, boxes[0]?.id ?? '');
    process.stdout.write(
      `recovery: ${alone.toFixed(1)} ms alone, ${among.toFixed(1)} ms among ${stopped} stopped rows\n`,
    );
    expect(among).toBeLessThanOrEqual(2 * alone);
    for (const box of boxes) expect(await box.remove({ force: true })).toBe(true);
    // The others never were more than rows and directories.
    for (const id of readdirSync(join(home, 'boxes'))) await rm(boxPaths(home, id).directory, { recursive: true });
  });
});

/** From nothing to an answer of a program that is new to the home. */
async function recoveryMs(home: string, id: string): Promise<number> {
  const times: number[] = [];
  for (let look = 0; look < looks; look++) {
    const began = performance.now();
    await using runtime = new Runtime({ home, engine });
    expect((await runtime.getBox(id))?.id).toBe(id);
    times.push(performance.now() - began);
  }
  return Math.min(...times);
}
