import { literal, member } from '../../../lib/options/literal';
import { editDistance, nearest } from '../../../lib/options/nearest';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['', 'abc', 3],
  ['abc', 'ab', 1],
  ['abc', 'acb', 1],
  ['ca', 'abc', 3],
  ['kitten', 'sitting', 3],
])('%j is to %j %d edits away', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
  expect(editDistance(to, from)).toBe(distance);
});

test.each([
  ['memoryMib', 'memoryMiB'],
  ['memroyMiB', 'memoryMiB'],
  ['memory', 'memoryMiB'],
  ['mem', undefined],
  ['cpu', 'cpus'],
  ['CPUS', 'cpus'],
  ['evn', 'env'],
  ['zzz', undefined],
])('%j is nearest to %j', (name, known) => {
  expect(nearest(name, ['memoryMiB', 'cpus', 'env'])).toBe(known);
});

test.each<[unknown, string]>([
  ['x', "'x' (string)"],
  ['it\'s "x"\n\0', String.raw`'it\'s "x"\n\u0000' (string)`],
  ['x'.repeat(61), `'${'x'.repeat(60)}…' (string)`],
  [-0, '-0 (number)'],
  [Number.NaN, 'NaN (number)'],
  [1n, '1 (bigint)'],
  [false, 'false (boolean)'],
  [undefined, 'undefined'],
  [null, 'null'],
  [[1], 'an array'],
  [{}, 'an object'],
  [() => {}, 'a function'],
  [Symbol('x'), 'a symbol'],
])('a literal: %p', (value, text) => {
  expect(literal(value)).toBe(text);
});

test('a literal touches nothing inside an object', () => {
  const unexpected = () => {
    throw new Error('It was looked at');
  };
  const untouchable = new Proxy({}, { get: unexpected, ownKeys: unexpected });
  expect(literal(untouchable)).toBe('an object');
  expect(member('env', 'A')).toBe('env.A');
  expect(member('env', "it's")).toBe(String.raw`env['it\'s']`);
});
