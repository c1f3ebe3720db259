import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { allRows, rowsIn, titlesIn, withoutTest } from '../../scripts/test/rows.mjs';

test('the ids at the beginning of a title are its rows', () => {
  assert.deepEqual(rowsIn('R1 R2 R4: a detached box outlives its program'), ['R1', 'R2', 'R4']);
  assert.deepEqual(rowsIn('K5: SIGKILL of the %s leaves nothing'), ['K5']);
  assert.deepEqual(rowsIn('I3, I4: both'), ['I3', 'I4']);
  for (const title of ['the row R1: not first', 'R1 without a colon', 'R1x: no', ''])
    assert.deepEqual(rowsIn(title), []);
});

test('titles are those of tests and of groups of tests that are run', () => {
  const source = `
    describe('S1: a group', () => {
      test('S2: one', () => {});
      it("S3: two", () => {});
      test(\n      \`S4: \${three}\`, () => {});
      test.each([['a'], ['b']])(
        'S5: %s', () => {});
      test.skip('S6: not run', () => {});
      test.todo('S7: not written');
    });
    expect(text).toBe('S8: no title');
  `;
  assert.deepEqual(titlesIn(source).flatMap(rowsIn), ['S1', 'S2', 'S3', 'S4', 'S5']);
});

test('a row that no title names is found', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rows-'));
  try {
    writeFileSync(join(directory, 'one.test.ts'), `test('P1: reaps', () => {});`);
    writeFileSync(join(directory, 'support.ts'), `test('P2: not a test file', () => {});`);
    assert.deepEqual(withoutTest(['P1', 'P2'], directory), ['P2']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('every row of the ownership contract is named by the title of a test', () => {
  assert.deepEqual(withoutTest(allRows()), []);
});
