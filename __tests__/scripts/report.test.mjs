import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failed, passed, skipped } from '../../scripts/test/outcomes.mjs';
import { report } from '../../scripts/test/report.mjs';
import { runSuite } from '../../scripts/test/run-suite.mjs';
import { choose } from '../../scripts/test/suites.mjs';

const run = (id, run) => runSuite({ id, run });

test('the last line is the sum over all suites', async () => {
  const results = [
    await run('one', async () => [passed('a'), passed('b'), failed('c', 'why')]),
    await run('two', async () => [passed('d'), skipped('e: no engine')]),
  ];
  const text = report(results);
  assert.equal(text.split('\n').at(-1), '3 passed, 1 failed');
  assert.match(text, /Failed:\n {2}one: c\n {6}why\n/);
  assert.match(text, /Skipped:\n {2}two: e: no engine\n/);
});

test('a suite that throws is one failure, with its cause', async () => {
  const result = await run('one', () => Promise.reject(new Error('no lab')));
  assert.equal(result.failed, 1);
  assert.match(result.outcomes[0].message, /no lab/);
});

test('a suite without tests is a failure', async () => {
  assert.equal((await run('one', async () => [])).failed, 1);
});

test('suites are chosen by name or by the first part of it, in their own order', () => {
  assert.deepEqual(choose('vm,unit'), ['unit', 'vm-qemu', 'vm-krun']);
  assert.deepEqual(choose('vm-krun'), ['vm-krun']);
  assert.deepEqual(choose('crash'), ['crash-qemu', 'crash-krun']);
  assert.ok(choose(undefined).includes('lint'));
  assert.throws(() => choose('unit,v'), /there is no suite 'v'; the suites are lint, /);
});
