import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  failed,
  fromGoogleTest,
  fromGoTest,
  fromReporter,
  passed,
  skipped,
  withEnd,
} from '../../scripts/test/outcomes.mjs';

describe('GoogleTest results', () => {
  const of = (...tests) => fromGoogleTest({ testsuites: [{ testsuite: tests }] });

  test('tell passed, failed and skipped tests apart', () => {
    const outcomes = of(
      { classname: 'Frame', name: 'fits', result: 'COMPLETED' },
      { classname: 'Frame', name: 'tears', result: 'COMPLETED', failures: [{ failure: 'one' }, { failure: 'two' }] },
      { classname: 'Frame', name: 'waits', result: 'SKIPPED' },
    );
    assert.deepEqual(outcomes, [passed('Frame.fits'), failed('Frame.tears', 'one\ntwo'), skipped('Frame.waits')]);
  });
});

describe('go test results', () => {
  const ended = (Action, Test) => ({ Action, Package: 'p', ...(Test && { Test }) });

  test('count the innermost tests only', () => {
    const outcomes = fromGoTest([ended('pass', 'A/x'), ended('pass', 'A/y'), ended('pass', 'A'), ended('pass')]);
    assert.deepEqual(outcomes, [passed('p A/x'), passed('p A/y')]);
  });

  test('have a failure once, with its output', () => {
    const output = { Action: 'output', Package: 'p', Test: 'A/x', Output: 'why\n' };
    assert.deepEqual(fromGoTest([output, ended('fail', 'A/x'), ended('fail', 'A'), ended('fail')]), [
      failed('p A/x', 'why\n'),
    ]);
  });

  test('have a failure of a test whose inner tests passed', () => {
    assert.deepEqual(fromGoTest([ended('pass', 'A/x'), ended('fail', 'A'), ended('fail')]), [
      passed('p A/x'),
      failed('p A', undefined),
    ]);
  });

  test('have a failure of a package that does not compile', () => {
    assert.deepEqual(fromGoTest([ended('fail')]), [failed('p', undefined)]);
  });
});

describe('results of a reporter', () => {
  const line = (value) => `${JSON.stringify(value)}\n`;
  const end = { code: 0, how: 'ended with code 0', output: '' };

  test('are whole with a line that says so', () => {
    const whole = line(passed('a')) + line({ end: true });
    assert.deepEqual(fromReporter(whole), { outcomes: [passed('a')], files: [], isWhole: true });
    assert.deepEqual(fromReporter(line(passed('a'))), { outcomes: [passed('a')], files: [], isWhole: false });
    assert.deepEqual(fromReporter(''), { outcomes: [], files: [], isWhole: false });
  });

  test('name the files that were run to their end', () => {
    const text = line(passed('a')) + line({ file: 'one.test.ts' }) + line(passed('b'));
    assert.deepEqual(fromReporter(text).files, ['one.test.ts']);
  });

  test('of a program that broke off keep what it did, and one failure more', () => {
    const outcomes = withEnd([passed('a')], { code: null, how: 'ended with SIGSEGV', output: 'last words' }, false);
    assert.equal(outcomes.length, 2);
    assert.equal(outcomes[1].status, 'failed');
    assert.match(outcomes[1].message, /SIGSEGV\.\nlast words/);
  });

  test('all passed in a program that did not end well are one failure', () => {
    assert.equal(withEnd([passed('a')], { ...end, code: 1 }).at(-1).status, 'failed');
  });

  test('with a failure in them need no other', () => {
    assert.deepEqual(withEnd([failed('a')], { ...end, code: 1 }), [failed('a')]);
    assert.deepEqual(withEnd([passed('a')], end), [passed('a')]);
  });
});
