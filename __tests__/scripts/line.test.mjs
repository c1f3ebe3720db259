import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Line } from '../../scripts/lab/line.mjs';

const nonce = '0123456789abcdef';

/** What is seen of a job's output, for every way of cutting it in two. */
function seen(text) {
  const data = Buffer.from(text);
  const all = Array.from({ length: data.length }, (_, at) => {
    const events = [];
    const line = new Line(nonce, {
      onUp: () => events.push('up'),
      onLine: (text) => events.push({ text }),
      onEnd: (code) => events.push({ code }),
    });
    line.write(data.subarray(0, at));
    line.write(data.subarray(at));
    return events;
  });
  for (const events of all) assert.deepEqual(events, all[0]);
  return all[0];
}

test('a job has a beginning, its lines and an end', () => {
  const events = seen(`${nonce} up\nonë\n\ntwo\n${nonce} 3\n`);
  assert.deepEqual(events, ['up', { text: 'onë' }, { text: '' }, { text: 'two' }, { code: 3 }]);
});

test('a last line without its newline is seen', () => {
  assert.deepEqual(seen(`${nonce} up\ntail${nonce} 0\n`), ['up', { text: 'tail' }, { code: 0 }]);
});

test('an end that is cut off is none', () => {
  assert.deepEqual(seen(`${nonce} up\n${nonce} 1`), ['up']);
});
