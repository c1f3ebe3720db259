import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPidFile } from '../../../lib/ownership/pid-file';

const whole = { pid: 4711, startTicks: '123456789012345678', bootId: '0a1b', argv: ['/opt/boxlite-shim', 'k3'] };
let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'boxlite-test-'));
  path = join(directory, 'shim.pid');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('R4: a whole pid file gives the identity that it holds', () => {
  writeFileSync(path, JSON.stringify(whole));
  const identity = { ...whole, startTicks: 123456789012345678n };
  expect(readPidFile(path)).toEqual({ kind: 'valid', identity });
});

test('R4: start ticks may be a number, and members of later versions are passed over', () => {
  writeFileSync(path, `${JSON.stringify({ ...whole, startTicks: 42, version: 2 })}\n`);
  expect(readPidFile(path)).toMatchObject({ kind: 'valid', identity: { startTicks: 42n } });
});

test('R4: no file, and no directory, is missing', () => {
  expect(readPidFile(path)).toEqual({ kind: 'missing' });
  writeFileSync(join(directory, 'file'), '');
  expect(readPidFile(join(directory, 'file', 'shim.pid'))).toEqual({ kind: 'missing' });
});

test.each([
  ['empty', '', 'empty'],
  ['truncated', JSON.stringify(whole).slice(0, 40), 'not JSON'],
  ['only a number', '4711\n', 'not a JSON object'],
  ['null', 'null', 'not a JSON object'],
  ['a pid below 1', JSON.stringify({ ...whole, pid: 0 }), 'no process id in pid'],
  ['a pid that is text', JSON.stringify({ ...whole, pid: '4711' }), 'no process id in pid'],
  ['ticks that are no number', JSON.stringify({ ...whole, startTicks: '12x' }), 'no number in startTicks'],
  ['ticks below 0', JSON.stringify({ ...whole, startTicks: -1 }), 'no number in startTicks'],
  ['without a boot id', JSON.stringify({ ...whole, bootId: undefined }), 'no text in bootId'],
  ['an argv that is text', JSON.stringify({ ...whole, argv: 'shim k3' }), 'no list of texts in argv'],
  ['an empty argv', JSON.stringify({ ...whole, argv: [] }), 'no list of texts in argv'],
  ['too long', `${JSON.stringify(whole)}${' '.repeat(70_000)}`, 'longer than 65536 bytes'],
])('R4: a file that is %s is corrupt, and says why', (_, text, reason) => {
  writeFileSync(path, text);
  expect(readPidFile(path)).toEqual({ kind: 'corrupt', reason });
});

test('R4: a binary file is corrupt', () => {
  writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00, 0x80]));
  expect(readPidFile(path).kind).toBe('corrupt');
});

test('R4: a directory, a link and a FIFO in its place are corrupt, and nobody waits for a writer', () => {
  mkdirSync(path);
  expect(readPidFile(path)).toEqual({ kind: 'corrupt', reason: 'not a regular file' });
  rmSync(path, { recursive: true });
  symlinkSync('/etc/hostname', path);
  expect(readPidFile(path)).toEqual({ kind: 'corrupt', reason: 'not a regular file' });
  rmSync(path);
  execFileSync('mkfifo', [path]);
  expect(readPidFile(path)).toEqual({ kind: 'corrupt', reason: 'not a regular file' });
});
