import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { run } from '../../scripts/test/command.mjs';

const sh = (script, options) => run('sh', ['-c', script], options);

test('a command gives its code, its output and its lines, and reads nothing', async () => {
  const lines = [];
  const { code, how, output } = await sh('cat; echo one; printf two; exit 7', { onLine: (line) => lines.push(line) });
  assert.deepEqual(
    { code, how, output, lines },
    { code: 7, how: 'ended with code 7', output: 'one\ntwo', lines: ['one', 'two'] },
  );
});

test('a command that is not there has no code and a reason', async () => {
  const { code, how } = await run('/no/such/program', []);
  assert.equal(code, null);
  assert.match(how, /could not be started.*ENOENT/);
});

test('a command whose time is up is ended with all that it started', async () => {
  let inner;
  const { code, how } = await sh('sleep 1000 & echo $!; wait', {
    timeoutMs: 200,
    onLine(line) {
      inner = line;
    },
  });
  assert.equal(code, null);
  assert.match(how, /was ended after 0.2 s/);
  assert.equal(existsSync(`/proc/${inner}/exe`), false);
});
