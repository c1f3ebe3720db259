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

test('a command that is not there fails with a reason', async () => {
  const { code, output } = await run('/no/such/program', []);
  assert.notEqual(code, 0);
  assert.match(output, /no.such.program.*No such file/);
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

test('a command is not waited for any more when only what it left keeps its output open', async () => {
  let left;
  const { code } = await sh('setsid sleep 1000 & echo $!; exit 4', {
    onLine(line) {
      left = Number(line);
    },
  });
  process.kill(left, 'SIGKILL');
  assert.equal(code, 4);
});
