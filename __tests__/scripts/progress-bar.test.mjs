import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line, progressBar } from '../../scripts/progress-bar.mjs';

const half = {
  phase: 'download',
  doneBytes: 5 * 1024 * 1024,
  totalBytes: 10 * 1024 * 1024,
  text: 'Downloading 2 of 3 layers',
};

function drawn(isTTY, steps) {
  let text = '';
  const bar = progressBar(
    { isTTY, columns: 100, write: (part) => (text += part) },
    (...said) => (text += `${said.join(': ')}\n`),
  );
  for (const step of steps) bar.onProgress(step);
  bar.end();
  return text;
}

test('a terminal gets a bar with bytes, drawn over itself within one step', () => {
  const text = drawn(true, [half, { ...half, doneBytes: half.totalBytes }]);
  assert.match(text, /\[#{12}\.{12}\] 5\.0 of 10\.0 MiB {2}Downloading/);
  assert.match(text, /\[#{24}\] 10\.0 of 10\.0 MiB/);
  assert.equal(text.split('\n').length, 2);
});

test('a line never passes the width of the terminal', () => {
  assert.equal(line(half, 40).length, 39);
});

test('what is no terminal gets a line for each new step alone', () => {
  const text = drawn(false, [half, half, { phase: 'build', text: 'Reading layer 1 of 3' }]);
  assert.equal(text, '  download: Downloading 2 of 3 layers\n  build: Reading layer 1 of 3\n');
});
