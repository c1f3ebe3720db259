import { nextStep } from '../../../lib/boxes/get-or-create';
import type { BoxState } from '../../../lib/types';

const row = (state: BoxState, more = {}) => ({ state, preparing: false, autoRemove: false, ...more });

test.each<[BoxState, string]>([
  ['creating', 'wait'],
  ['running', 'join'],
  ['stopping', 'wait'],
  ['stopped', 'start'],
  ['failed', 'start'],
  ['removing', 'wait'],
])('a program that wants a box by name and finds it %s does: %s', (state, step) => {
  expect(nextStep(row(state))).toBe(step);
  expect(nextStep(row(state, { preparing: true }))).toBe('wait');
});

test('a box that is not there is created, and one that goes with its end is waited for', () => {
  expect(nextStep(null)).toBe('create');
  expect(nextStep(row('stopped', { autoRemove: true }))).toBe('wait');
  expect(nextStep(row('running', { autoRemove: true }))).toBe('join');
});
