import { homedir } from 'node:os';
import { join } from 'node:path';
import { checkRuntimeOptions } from '../../../lib/options';
import { allBut, messageOf, refusalOf } from './refusal';

const before = process.env.BOXLITE_HOME;
beforeEach(() => {
  delete process.env.BOXLITE_HOME;
});
afterAll(() => {
  if (before !== undefined) process.env.BOXLITE_HOME = before;
});

test('the home is the option, else $BOXLITE_HOME, else ~/.boxlite', () => {
  expect(checkRuntimeOptions(undefined)).toEqual({ home: join(homedir(), '.boxlite'), engine: 'auto' });
  process.env.BOXLITE_HOME = '/srv/boxes/';
  expect(checkRuntimeOptions({}).home).toBe('/srv/boxes');
  expect(checkRuntimeOptions({ home: '/a/../b' }).home).toBe('/b');
  process.env.BOXLITE_HOME = '';
  expect(checkRuntimeOptions({}).home).toBe(join(homedir(), '.boxlite'));
});

test('a relative $BOXLITE_HOME is refused by its name', () => {
  process.env.BOXLITE_HOME = 'boxes';
  expect(messageOf(() => checkRuntimeOptions({}))).toBe(
    "Expected an absolute path for $BOXLITE_HOME but received 'boxes' (string)",
  );
});

test('engine and logger are kept', () => {
  const logger = () => {};
  expect(checkRuntimeOptions({ home: '/x', engine: 'qemu', logger })).toEqual({ home: '/x', engine: 'qemu', logger });
});

test.each<[Record<string, unknown>, string]>([
  [{ home: 'boxes' }, "Expected an absolute path for home but received 'boxes' (string)"],
  [{ home: '~/boxes' }, "Expected an absolute path for home but received '~/boxes' (string)"],
  [{ home: '' }, "Expected an absolute path for home but received '' (string)"],
  [{ home: '/a\0' }, 'Expected a string without NUL for home but received one with a NUL at 2'],
  [{ engine: 'kvm' }, "Expected one of 'auto', 'krun' or 'qemu' for engine but received 'kvm' (string)"],
  [{ Home: '/x' }, "Unknown option 'Home' for Runtime"],
])('%j is refused', (options, message) => {
  expect(refusalOf(() => checkRuntimeOptions(options))).toMatchObject({ code: 'invalid-argument', message });
});

test.each(['home', 'engine', 'logger'])('%s refuses the wrong types', (option) => {
  for (const [name, value] of allBut(...(option === 'logger' ? ['a function'] : []))) {
    expect([name, messageOf(() => checkRuntimeOptions({ [option]: value }))]).toEqual([
      name,
      expect.stringContaining(`for ${option}`),
    ]);
  }
});
