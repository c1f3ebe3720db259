import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInLanes } from '../../scripts/test/lanes.mjs';

const here = (id) => ({ id, isLab: false });
const lab = (id) => ({ id, isLab: true });

/** Runs them; each ends when it is told to. `at` says what runs at the moment. */
function begin(suites, isOver) {
  const running = new Map();
  const run = ({ id }) => new Promise((resolve) => running.set(id, resolve));
  const done = runInLanes(suites, { run, isOver });
  const end = async (id) => {
    running.get(id)(`end of ${id}`);
    running.delete(id);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { done, end, at: () => [...running.keys()] };
}

test('one suite runs here and one in the lab, and a lane that is done here takes what is left for the lab', async () => {
  const { done, end, at } = begin([here('a'), here('b'), lab('c'), lab('d')]);
  assert.deepEqual(at(), ['a', 'c']);
  await end('a');
  assert.deepEqual(at(), ['c', 'b']);
  await end('b');
  assert.deepEqual(at(), ['c', 'd']);
  await end('d');
  await end('c');
  assert.deepEqual(
    await done,
    ['a', 'b', 'c', 'd'].map((id) => `end of ${id}`),
  );
});

test('two suites never run here at the same time', async () => {
  const { done, end, at } = begin([here('a'), here('b'), lab('c')]);
  await end('c');
  assert.deepEqual(at(), ['a']);
  await end('a');
  assert.deepEqual(at(), ['b']);
  await end('b');
  await done;
});

test('nothing begins once it is over', async () => {
  let isOver = false;
  const { done, end, at } = begin([here('a'), here('b')], () => isOver);
  isOver = true;
  await end('a');
  assert.deepEqual(at(), []);
  assert.deepEqual(await done, ['end of a']);
});
