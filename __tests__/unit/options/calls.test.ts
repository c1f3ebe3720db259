import {
  checkCall,
  checkClose,
  checkCreateCall,
  checkListFilter,
  checkMatch,
  checkRef,
  checkRemove,
  checkStop,
  checkStream,
} from '../../../lib/options';
import { allBut, messageOf, refusalOf, samples } from './refusal';

const anyCall = [
  ['getBox', (o: unknown) => checkCall(o, 'getBox')],
  ['createBox', checkCreateCall],
  ['stop', checkStop],
  ['remove', checkRemove],
  ['close', checkClose],
] as const;

describe.each(anyCall)('the options of %s', (method, check) => {
  test('take signal and timeoutMs, and may be absent', () => {
    const { signal } = new AbortController();
    expect(check({ signal, timeoutMs: 0.5 })).toMatchObject({ signal, timeoutMs: 0.5 });
    expect(check(undefined)).not.toHaveProperty('signal');
    expect(check({ signal: undefined })).not.toHaveProperty('signal');
  });

  test('refuse what is no object, and what nobody knows', () => {
    for (const [name, value] of allBut('an object')) {
      expect([name, refusalOf(() => check(value)).code]).toEqual([name, 'invalid-argument']);
    }
    expect(refusalOf(() => check({ timeoutMS: 1 }))).toMatchObject({
      message: `Unknown option 'timeoutMS' for ${method}`,
      hint: "Did you mean 'timeoutMs'?",
    });
  });

  test('refuse a signal or a time of the wrong type', () => {
    for (const [, value] of allBut()) expect(messageOf(() => check({ signal: value }))).toContain('for signal');
    for (const [, value] of allBut('a number'))
      expect(messageOf(() => check({ timeoutMs: value }))).toContain('for timeoutMs');
  });
});

test('createBox takes a progress callback', () => {
  const onProgress = () => {};
  expect(checkCreateCall({ onProgress })).toEqual({ onProgress });
  expect(messageOf(() => checkCreateCall({ onProgress: 'x' }))).toBe(
    "Expected a function for onProgress but received 'x' (string)",
  );
});

test('stop, remove and close have their defaults', () => {
  expect(checkStop({})).toEqual({ graceMs: 10_000, force: false });
  expect(checkRemove({})).toEqual({ force: false });
  expect(checkClose({})).toEqual({ boxes: 'stop' });
});

test.each<[string, () => unknown, string]>([
  [
    'a grace below 0',
    () => checkStop({ graceMs: -1 }),
    'Expected a number of milliseconds from 0 to 2147483647 for graceMs but received -1 (number)',
  ],
  ['force as text', () => checkStop({ force: 'yes' }), "Expected a boolean for force but received 'yes' (string)"],
  ['force as number', () => checkRemove({ force: 1 }), 'Expected a boolean for force but received 1 (number)'],
  ['grace for remove', () => checkRemove({ graceMs: 1 }), "Unknown option 'graceMs' for remove"],
  [
    'another end of boxes',
    () => checkClose({ boxes: 'kill' }),
    "Expected one of 'stop' or 'leave' for boxes but received 'kill' (string)",
  ],
  [
    'another state',
    () => checkListFilter({ state: 'dead' }),
    "Expected one of 'creating', 'running', 'stopping', 'stopped', 'failed' or 'removing' for state but received 'dead' (string)",
  ],
  [
    'labels that are no text',
    () => checkListFilter({ labels: { a: 1 } }),
    'Expected a string of at most 4096 characters for labels.a but received 1 (number)',
  ],
  ['another filter', () => checkListFilter({ label: {} }), "Unknown option 'label' for listBoxes"],
  [
    'another stream',
    () => checkStream('stdin'),
    "Expected one of 'stdout' or 'stderr' for from but received 'stdin' (string)",
  ],
  [
    'an empty match',
    () => checkMatch(''),
    "Expected a non-empty string or a RegExp for match but received '' (string)",
  ],
])('%s is refused', (_, check, message) => {
  expect(refusalOf(check)).toMatchObject({ code: 'invalid-argument', message });
});

test('a graceMs of 0 and a filter are kept', () => {
  expect(checkStop({ graceMs: 0, force: true })).toEqual({ graceMs: 0, force: true });
  expect(checkListFilter(undefined)).toEqual({ labels: {} });
  expect(checkListFilter({ labels: { a: '' }, state: 'running' })).toEqual({ labels: { a: '' }, state: 'running' });
  expect([checkStream(undefined), checkStream('stderr'), checkMatch('x'), checkMatch(/x/)]).toEqual([
    'stdout',
    'stderr',
    'x',
    /x/,
  ]);
});

describe('a reference', () => {
  test('is a text, or addresses its id', () => {
    expect(checkRef('web')).toEqual({ kind: 'text', text: 'web' });
    expect(checkRef({ id: 'k3', name: 'web', state: 'running' })).toEqual({ kind: 'handle', id: 'k3', name: 'web' });
    class Handle {
      get id() {
        return 'k4';
      }
    }
    expect(checkRef(new Handle())).toEqual({ kind: 'handle', id: 'k4' });
  });

  test('is refused without an id', () => {
    for (const [name, value] of Object.entries(samples)) {
      if (name !== 'a string')
        expect([name, refusalOf(() => checkRef(value)).code]).toEqual([name, 'invalid-argument']);
    }
    expect(messageOf(() => checkRef(''))).toBe(
      "Expected a box, a row of listBoxes, an id or a name for box but received '' (string)",
    );
    expect(refusalOf(() => checkRef({ id: '' })).code).toBe('invalid-argument');
  });
});
