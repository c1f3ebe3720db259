import { Inflow } from '../../../lib/exec/inflow';
import { LogWatch } from '../../../lib/exec/log-watch';
import { Deadline } from '../../../lib/util/deadline';

const limit = 1024 * 1024;

function watched() {
  const granted = { stdout: 0, stderr: 0 };
  const stdout = new Inflow((bytes) => {
    granted.stdout += bytes;
  });
  const stderr = new Inflow((bytes) => {
    granted.stderr += bytes;
  });
  const watch = new LogWatch([stdout, stderr]);
  const find = (match: string | RegExp, most = limit) => watch.find(match, most, Deadline.of({}, 'waitForLog'));
  const say = (text: string, on = stdout) => on.push(Buffer.from(text), false);
  const end = () => {
    stdout.push(Buffer.alloc(0), true);
    stderr.push(Buffer.alloc(0), true);
  };
  return { stdout, stderr, granted, watch, find, say, end };
}

async function takeAll(inflow: Inflow): Promise<string> {
  const chunks: Buffer[] = [];
  for (let chunk = await inflow.take(); chunk; chunk = await inflow.take()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('finds a line that came before, and one that comes in pieces, on either stream', async () => {
  const { find, say, stderr } = watched();
  say('first\nsecond\r\n');
  expect(await find('sec')).toBe('second');
  const waiting = find(/^th.*d$/);
  say('th');
  say('ir');
  say('d\n');
  expect(await waiting).toBe('third');
  const other = find('oops');
  say('oops\n', stderr);
  expect(await other).toBe('oops');
});

test('goes on where the last match ended, also after a search that found nothing', async () => {
  const { watch, find, say } = watched();
  say('a 1\nb\na 2\n');
  expect(await find('a')).toBe('a 1');
  using late = Deadline.of({ timeoutMs: 1 }, 'waitForLog');
  await expect(watch.find('never', limit, late)).rejects.toMatchObject({ code: 'timeout' });
  expect(await find('b')).toBe('b');
  expect(await find('a')).toBe('a 2');
});

test('a match on one stream passes over nothing on the other', async () => {
  const { find, say, stderr } = watched();
  say('more\n');
  say('first\n', stderr);
  expect(await find('first')).toBe('first');
  expect(await find('more')).toBe('more');
});

test('searches at once each see every line', async () => {
  const { find, say } = watched();
  const both = Promise.all([find('one'), find('two')]);
  say('two\none\n');
  expect(await both).toEqual(['one', 'two']);
});

test('takes nothing: a reader gets every byte, before, during and after', async () => {
  const { find, say, end, stdout } = watched();
  say('early\n');
  const waiting = find('late');
  const reading = takeAll(stdout);
  say('late\nrest');
  expect(await waiting).toBe('late');
  end();
  expect(await reading).toBe('early\nlate\nrest');
});

test('finds what came before anybody watched', async () => {
  const stdout = new Inflow(() => {});
  stdout.push(Buffer.from('with the start\n'), false);
  const watch = new LogWatch([stdout]);
  expect(await watch.find('start', limit, Deadline.of({ timeoutMs: 1_000 }, 'waitForLog'))).toBe('with the start');
});

test('finds what a reader has taken already', async () => {
  const { find, say, stdout } = watched();
  say('taken\n');
  await stdout.take();
  expect(await find('taken')).toBe('taken');
});

test('lets more come than is read, up to the limit, and then holds back', async () => {
  const { find, say, granted } = watched();
  const line = `${'x'.repeat(65_535)}\n`;
  for (let n = 0; n < 4; n++) say(line);
  expect(granted.stdout).toBe(0);
  const waiting = find('end', 3 * 65_536);
  await Promise.resolve();
  expect(granted.stdout).toBe(3 * 65_536);
  for (let n = 0; n < 3; n++) say(line);
  expect(granted.stdout).toBe(3 * 65_536);
  expect(() => say(line)).toThrow(/more data than was granted/);
  waiting.catch(() => {});
});

test('grants nothing twice for what was looked at first and taken later', async () => {
  const { find, say, stdout, end, granted } = watched();
  const line = `${'x'.repeat(65_535)}\n`;
  for (let n = 0; n < 3; n++) say(line);
  say('here\n');
  expect(await find('here')).toBe('here');
  const looked = granted.stdout;
  expect(looked).toBeGreaterThan(2 * 65_536);
  const reading = takeAll(stdout);
  await new Promise(setImmediate);
  expect(granted.stdout).toBe(looked);
  end();
  expect((await reading).length).toBe(3 * 65_536 + 5);
});

test('answers null when both streams ended, and takes a last line without its end for a line', async () => {
  const { find, say, end } = watched();
  say('no end');
  const [found, none] = [find('no end'), find('else')];
  end();
  expect(await found).toBe('no end');
  expect(await none).toBeNull();
  expect(await find('no end')).toBeNull();
});

test('a pattern with g or y does not remember where it was', async () => {
  const { find, say } = watched();
  say('x\nx\n');
  const pattern = /x/gy;
  expect([await find(pattern), await find(pattern)]).toEqual(['x', 'x']);
});
