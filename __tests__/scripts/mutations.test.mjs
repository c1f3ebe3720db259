import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, outcomesOf, wordsOf } from '../../scripts/mutations/judge.mjs';
import { mutations } from '../../scripts/mutations/list.mjs';
import { heading, withTable } from '../../scripts/mutations/table.mjs';

const run = (...assertionResults) => outcomesOf({ testResults: [{ message: 'no such module', assertionResults }] });
const outcome = (status, fullName, ...failureMessages) => ({ status, fullName, failureMessages });

test('a rule whose test fails is caught, with the words of that test alone', () => {
  const outcomes = run(
    outcome('failed', 'X1: other', 'Error: b'),
    outcome('failed', 'I3: a', 'Error: a\n    at x.ts:1'),
  );
  assert.deepEqual(judge(outcomes, 'I3: a'), { verdict: 'caught', words: 'a' });
});

test('a rule whose test passes is missed, whatever else fails', () => {
  const outcomes = run(outcome('failed', 'X1: other', 'Error: b'), outcome('passed', 'I3: a'));
  assert.equal(judge(outcomes, 'I3: a').verdict, 'missed');
});

test('a run that reaches no test of that title proves nothing', () => {
  assert.deepEqual(judge(run(), 'I3: a'), { verdict: 'broken', words: 'no such module' });
  assert.equal(judge(run(outcome('pending', 'I3: a')), 'I3: a').verdict, 'broken');
});

test('of what a test printed, what it expected and received is told in one short line', () => {
  const red = '\u001b[31m';
  const message = `Error: expect(received)\n\n- Expected  -  1\n+ Received  + 12\n\n${red}-   "a",\n+   "b",\n    at x.ts:1`;
  assert.equal(wordsOf(message), '- "a", + "b",');
  assert.equal(wordsOf('Error: x\n\nExpected: 1\nReceived: 2'), 'Expected: 1 Received: 2');
  assert.equal(
    wordsOf('Error: Command failed: node -e x\nReferenceError: y is not defined'),
    'ReferenceError: y is not defined',
  );
  assert.equal(wordsOf(`Error: ${'long '.repeat(100)}`).length, 160);
});

test('what was seen takes the place of its line in the table, and leaves the other lines and the rest of the page', () => {
  const [one, other] = [
    { row: 'I3', rule: 'r', without: 'a|b', title: 't' },
    { row: 'S1', rule: 's', without: 'c', title: 'u' },
  ];
  const caught = { verdict: 'caught', words: 'Expected: `1`' };
  const page = withTable(
    '# Ownership\n\nText.\n',
    [one, other],
    [one, other].map((each) => ({ ...each, ...caught })),
  );
  assert.ok(page.startsWith(`# Ownership\n\nText.\n\n${heading}\n`));
  assert.ok(page.includes('| I3 | r | a\\|b | t | `` Expected: `1` `` |\n'));
  assert.equal(withTable(page, [one, other], []), page);
  const again = withTable(`${page}\n## More\n`, [one, other], [{ ...other, verdict: 'missed', words: '' }]);
  assert.equal(again, `${page.replace('| u | `` Expected: `1` `` |', '| u | **missed** |')}\n## More\n`);
});

test('every mutation says what it takes out, and its test begins with its row', () => {
  for (const { row, rule, without, from, to, title } of mutations) {
    assert.ok(rule && without && from !== to, row);
    assert.ok(title.split(':')[0].split(' ').includes(row), `${row}: ${title}`);
  }
});
