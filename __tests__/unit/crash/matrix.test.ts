import { choose, randomOf } from '../../crash/support/choose';
import { allCells, allPoints, type Cell, nameOf, whyImpossible } from '../../crash/support/points';
import { matrixText } from '../../crash/support/print';
import { truthAfter } from '../../crash/support/truth';

const possible = () => allCells().filter((cell) => whyImpossible(cell) === null);

describe('the crash matrix', () => {
  test('says of each cell that is run what must be true after it', () => {
    for (const cell of possible()) expect(truthAfter(cell).states).not.toEqual([]);
  });

  test('is printed with what held, what broke, what was not run, and why a cell cannot be', () => {
    const result = (part: Cell['part'], name: string, wrong: string[]) => {
      const point = allPoints().find((one) => nameOf(one) === name);
      if (!point) throw new Error(`There is no ${name}`);
      return { cell: { part, point }, wrong, ms: 1 };
    };
    const results = [result('client', 'run', []), result('shim', 'run', ['a process is left'])];
    const text = matrixText(allPoints(), results, whyImpossible);
    expect(text).toMatch(/^run +held +\. +BROKE +\. +\. +\.$/m);
    expect(text).toMatch(/^create, before row +\. +\. +\(1\) +\(1\) +\(1\) +\(1\)$/m);
    expect(text).toMatch(/^\(1\) nothing runs yet$/m);
    const left = possible().length - 2;
    expect(text).toContain(`1 held, 1 broke, ${left} not run (.), ${allCells().length - possible().length} cannot be`);
  });

  test('is sampled by its seed: the same cells for the same seed, in their own order', () => {
    const sample = (seed: number) =>
      choose(possible(), 20, seed).chosen.map(({ part, point }) => `${part} ${nameOf(point)}`);
    expect(new Set(sample(1)).size).toBe(20);
    expect(sample(1)).toEqual(sample(1));
    expect(sample(1)).not.toEqual(sample(2));
    const all = possible().map(({ part, point }) => `${part} ${nameOf(point)}`);
    expect(sample(1)).toEqual(all.filter((cell) => sample(1).includes(cell)));
    expect(choose([1, 2, 3], Number.MAX_SAFE_INTEGER, 1).chosen).toEqual([1, 2, 3]);
  });

  test('draws numbers that are spread from 0 to 1', () => {
    const random = randomOf(42);
    const drawn = Array.from({ length: 10_000 }, random);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    expect(drawn.reduce((sum, one) => sum + one) / drawn.length).toBeCloseTo(0.5, 1);
  });
});
