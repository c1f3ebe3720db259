import { createSteps } from '../../lib/boxes/create';
import { removeSteps } from '../../lib/boxes/remove';
import { startSteps } from '../../lib/boxes/start';
import { stopSteps } from '../../lib/boxes/stop';
import { engine } from '../helpers/runtimes';
import { runCell } from './support/cell';
import { choose, newSeed, setting } from './support/choose';
import { allCells, allPoints, nameOf, parts, whyImpossible } from './support/points';
import { Pool } from './support/pool';
import { type CellResult, matrixText } from './support/print';
import { programs } from './support/program';

// Each takes several seconds, most of them waiting for a guest.
const atOnce = 2;

// All of them, or those named, with commas between.
const asked: readonly string[] = process.env.BOXLITE_CRASH_PARTS?.split(',') ?? parts;
const possible = allCells().filter((cell) => asked.includes(cell.part) && whyImpossible(cell) === null);
// In a lab host they are slow, so that a sample is run unless more is asked for.
const count = setting('BOXLITE_CRASH_CELLS', engine === 'qemu' ? possible.length : 20);
const { chosen, seed } = choose(possible, count, setting('BOXLITE_CRASH_SEED', newSeed()));

describe(`the crash matrix on ${engine}`, () => {
  programs('client');
  const results: CellResult[] = [];
  const pool = new Pool(chosen, atOnce, async (cell) => {
    const began = performance.now();
    const result = { cell, wrong: await runCell(cell), ms: performance.now() - began };
    results.push(result);
    return result;
  });

  afterAll(async () => {
    await pool.drain();
    process.stdout.write(`\nThe crash matrix on ${engine}, ${chosen.length} cells, seed ${seed}:\n`);
    process.stdout.write(`${matrixText(allPoints(), results, whyImpossible)}\n\n`);
  });

  test('has a row for each step that the code has', () => {
    for (const [does, steps] of Object.entries({
      create: createSteps,
      start: startSteps,
      stop: stopSteps,
      remove: removeSteps,
    })) {
      const rows = allPoints().filter((point) => point.does === does && point.moment === 'before');
      expect(rows.map(({ step }) => step)).toEqual(steps.map(({ name }) => name));
      for (const point of rows) expect(whyImpossible({ part: 'client', point })).toBeNull();
    }
  });

  test.each(chosen.map((cell) => [cell.part, nameOf(cell.point), cell] as const))(
    'K5: SIGKILL of the %s at "%s" leaves nothing behind, and the row tells the truth',
    async (_part, _name, cell) => {
      expect((await pool.result(cell)).wrong).toEqual([]);
    },
  );
});
