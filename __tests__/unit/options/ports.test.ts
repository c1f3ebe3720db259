import { checkAttach, checkBoxOptions, checkLogs, checkPortWait, checkProcessId } from '../../../lib/options';
import { allBut, messageOf, refusalOf } from './refusal';

const box = (ready: unknown) => checkBoxOptions({ image: { rootfs: '/x' }, ready }).ready;

test('waitForPort takes a port, and a path and status of its answer; a status alone is that of the path /', () => {
  expect(checkPortWait(80, undefined)).toEqual({ port: 80, timeoutMs: 60_000 });
  expect(checkPortWait(80, { status: 204 })).toMatchObject({ path: '/', status: 204 });
  expect(checkPortWait(65_535, { path: '/a?b=%20', timeoutMs: 5 })).toMatchObject({ path: '/a?b=%20', timeoutMs: 5 });
  for (const port of [0, 65_536, 1.5, '80', undefined])
    expect(messageOf(() => checkPortWait(port, {}))).toContain('for port but received');
  for (const path of ['', 'a', '/a b', '/a\r\nHost: x', '/ä', 5])
    expect(messageOf(() => checkPortWait(1, { path }))).toContain('for path but received');
  for (const status of [99, 600, '200']) expect(messageOf(() => checkPortWait(1, { status }))).toContain('for status');
});

test('ready is a command or a port, never both', () => {
  expect(box({ command: ['a', 'b'] })).toEqual({ command: ['a', 'b'] });
  expect(box({ command: 'a' })).toEqual({ command: 'a' });
  expect(box({ port: 80 })).toEqual({ port: 80 });
  expect(box({ port: 80, path: '/x' })).toEqual({ port: 80, path: '/x' });
  expect(box(undefined)).toBeUndefined();
  for (const [, value] of allBut('an object')) expect(messageOf(() => box(value))).toContain('for ready');
  for (const value of [
    {},
    { port: 0 },
    { path: '/x' },
    { command: [] },
    { port: 1, path: 'x' },
    { command: 'a', port: 1 },
  ])
    expect(refusalOf(() => box(value)).code).toBe('invalid-argument');
});

test('logs takes sources by their names', () => {
  expect(checkLogs(undefined)).toEqual({ follow: false, sources: ['console', 'agent', 'shim', 'vmm', 'netd', 'sdk'] });
  expect(checkLogs({ follow: true, sources: ['shim'] })).toMatchObject({ follow: true, sources: ['shim'] });
  expect(messageOf(() => checkLogs({ sources: ['kernel'] }))).toContain('for sources[0]');
  expect(messageOf(() => checkLogs({ sources: 'shim' }))).toContain('for sources');
});

test('attach takes the id of a process, and places in its output', () => {
  expect(checkProcessId('c1')).toBe('c1');
  expect(messageOf(() => checkProcessId(''))).toContain('the id of a process for processId');
  expect(checkAttach({ since: { stdout: 5 } })).toEqual({ since: { stdout: 5 } });
  expect(checkAttach(undefined)).toEqual({});
  expect(messageOf(() => checkAttach({ since: { stdout: -1 } }))).toContain('for stdout');
  expect(messageOf(() => checkAttach({ since: 5 }))).toContain('since');
});
