import { checkBoxOptions, checkExec } from '../../../lib/options';
import { messageOf, refusalOf } from './refusal';

const ofBox = (env: unknown) => checkBoxOptions({ image: { rootfs: '/x' }, env }).env;
const ofExec = (env: unknown) => checkExec(['true'], { env }).env;

describe.each([
  ['a box', ofBox],
  ['a command', ofExec],
])('the environment of %s', (_, check) => {
  test('keeps names and values as they are, and drops what is undefined', () => {
    const env = { A: '', 'odd name.1': 'ü\n=', ['__proto__']: 'x' };
    expect(Object.entries(check({ ...env, gone: undefined }))).toEqual(Object.entries(env));
    expect(Object.keys(check(process.env))).toEqual(Object.keys(process.env));
  });

  test.each<[unknown, string]>([
    [{ '': 'x' }, 'Expected a name for every variable of env but received an empty one'],
    [{ 'A\0': 'x' }, 'Expected a string without NUL for a name in env but received one with a NUL at 1'],
    [
      { 'A\ud800': 'x' },
      'Expected a string of whole Unicode characters for a name in env but received one with a lone surrogate',
    ],
    [{ A: 'x\0' }, 'Expected a string without NUL for env.A but received one with a NUL at 1'],
    [{ A: '\udc00' }, 'Expected a string of whole Unicode characters for env.A but received one with a lone surrogate'],
    [['A=1'], 'Expected an object of strings for env but received an array'],
    [new Map([['A', '1']]), 'Expected an object of strings for env but received an object'],
    [null, 'Expected an object of strings for env but received null'],
  ])('%j is refused', (env, message) => {
    expect(refusalOf(() => check(env))).toMatchObject({ code: 'invalid-argument', message });
  });

  test('no message shows a value', () => {
    const secret = 'hunter2-hunter2';
    const wrong = [
      `TOKEN=${secret}`,
      { [`TOKEN=${secret}`]: '' },
      { TOKEN: `${secret}\0` },
      { TOKEN: `${secret}\ud800` },
      { TOKEN: [secret] },
      { TOKEN: { secret } },
      { TOKEN: secret.repeat(10_000) },
      [secret],
    ];
    for (const env of wrong) expect(JSON.stringify(refusalOf(() => check(env)))).not.toContain('hunter2');
  });

  test('one string may take 128 KiB with its NUL', () => {
    const longest = 131_072 - 'A=\0'.length;
    expect(check({ A: 'x'.repeat(longest) }).A).toHaveLength(longest);
    expect(refusalOf(() => check({ A: 'x'.repeat(longest + 1) }))).toMatchObject({
      code: 'limit',
      message: 'env.A takes 131073 bytes, and one string may take 131072',
    });
    expect(refusalOf(() => check({ A: 'ü'.repeat(longest / 2 + 1) })).code).toBe('limit');
  });

  test('all of it together may take 1 MiB', () => {
    const strings = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`A${index}`, 'x'.repeat(131_000)]));
    expect(refusalOf(() => check(strings)).code).toBe('limit');
  });
});

test('null takes a variable away from a command, and is refused for a box', () => {
  expect(ofExec({ A: null })).toEqual({ A: null });
  expect(messageOf(() => ofExec({ A: 5 }))).toBe('Expected a string or null for env.A but received a number');
  expect(messageOf(() => ofBox({ A: null }))).toBe('Expected a string for env.A but received null');
});
