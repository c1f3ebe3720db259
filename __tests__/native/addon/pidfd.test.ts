import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { native, nativeFile } from '../../../lib/native/load';
import { cleanUp, openFds, ownChild, stateOf, stranger, until } from '../support';

afterEach(cleanUp);

test('pidfdOpen gives null for a number that no process has, and refuses one that none can have', () => {
  expect(native().pidfdOpen(2 ** 22 + 1)).toBeNull();
  expect(() => native().pidfdOpen(0)).toThrow(/process id/);
  expect(() => native().pidfdOpen(-1)).toThrow(/process id/);
  expect(() => native().pidfdOpen(1.5)).toThrow(/integer/);
});

test('pidfdSend reaches that process, and says false once it was reaped', async () => {
  const child = await stranger();
  const pidfd = native().pidfdOpen(child.pid) as number;
  expect(native().pidfdSend(pidfd, 15)).toBe(true);
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  expect(native().pidfdSend(pidfd, 15)).toBe(false);
  closeSync(pidfd);
});

test.each([
  ['exit 0', { code: 0, signal: null }],
  ['exit 255', { code: 255, signal: null }],
  ['kill -KILL $$', { code: null, signal: 9 }],
  ['kill -RTMIN $$', { code: null, signal: 34 }],
])('pidfdReap tells how "%s" ended, once', async (script, exit) => {
  const { pidfd } = ownChild(script);
  await new Promise<void>((resolve) => native().pidfdWatch(pidfd, resolve));
  expect(native().pidfdReap(pidfd)).toEqual(exit);
  expect(native().pidfdReap(pidfd)).toBeNull();
  closeSync(pidfd);
});

test('pidfdReap takes no child that lives, and none that is not ours', async () => {
  const { pid, pidfd } = ownChild('read _');
  expect(native().pidfdReap(pidfd)).toBeNull();
  const init = native().pidfdOpen(1) as number;
  expect(native().pidfdReap(init)).toBeNull();
  expect(stateOf(pid)).toBeDefined();
  native().pidfdSend(pidfd, 9);
  await until('it was reaped', () => native().pidfdReap(pidfd) !== null);
  closeSync(pidfd);
  closeSync(init);
});

test('pidfdWatch calls back once, for a child and for a stranger, also when it had ended already', async () => {
  const child = await stranger();
  const pidfd = native().pidfdOpen(child.pid) as number;
  let calls = 0;
  const ended = new Promise<void>((resolve) => {
    native().pidfdWatch(pidfd, () => resolve(void calls++));
  });
  child.kill('SIGKILL');
  await ended;
  await new Promise<void>((resolve) => native().pidfdWatch(pidfd, resolve));
  closeSync(pidfd);
  expect(calls).toBe(1);
});

test('a closed watch never calls back, may be closed again, and gives its descriptor back', async () => {
  const before = openFds();
  const child = ownChild('read _');
  const watches = Array.from({ length: 50 }, () => native().pidfdWatch(child.pidfd, () => fail('called back')));
  for (const watch of [...watches, ...watches]) watch.close();
  native().pidfdSend(child.pidfd, 9);
  await new Promise<void>((resolve) => native().pidfdWatch(child.pidfd, resolve));
  await until('it was reaped', () => native().pidfdReap(child.pidfd) !== null);
  closeSync(child.pidfd);
  cleanUp();
  await until('the descriptors are back', () => openFds() <= before);
});

test('what the callback throws is an uncaught exception of the program, not its end', async () => {
  const script = `
    const addon = require(process.argv[1]);
    process.once('uncaughtException', (error) => console.log('caught', error.message));
    const { pidfd } = addon.spawn({ file: '/bin/true', argv: ['true'], env: [], fds: [] });
    addon.pidfdWatch(pidfd, () => { throw new Error('from the callback'); });
    const waiting = setInterval(() => addon.pidfdReap(pidfd) && setImmediate(() => clearInterval(waiting)), 1);`;
  expect(await runNode(script)).toBe('caught from the callback\n');
});

test('promises that the callback settles go on at once', async () => {
  const script = `
    const addon = require(process.argv[1]);
    const { pidfd } = addon.spawn({ file: '/bin/true', argv: ['true'], env: [], fds: [] });
    const waiting = setInterval(() => {}, 0x7fffffff);
    new Promise((resolve) => addon.pidfdWatch(pidfd, resolve)).then(() => clearInterval(waiting)).then(() => console.log('went on'));`;
  expect(await runNode(script)).toBe('went on\n');
});

test('an open watch does not keep a program from ending', async () => {
  const script = `
    const addon = require(process.argv[1]);
    globalThis.watch = addon.pidfdWatch(addon.pidfdOpen(process.ppid), () => console.log('called'));
    process.on('exit', () => console.log('ended'));`;
  expect(await runNode(script)).toBe('ended\n');
});

test('a watch that nobody holds still calls back', async () => {
  const script = `
    const addon = require(process.argv[1]);
    const child = require('child_process').spawn('/bin/sh', ['-c', 'read _']);
    const pidfd = addon.pidfdOpen(child.pid);
    for (let i = 0; i < 3; i++) addon.pidfdWatch(pidfd, () => console.log('called'));
    require('fs').closeSync(pidfd);
    setImmediate(() => { gc(); child.stdin.end(); });`;
  expect(await runNode(script, '--expose-gc')).toBe('called\ncalled\ncalled\n');
});

test('workers have watches of their own, and end with them open, by themselves or terminated', async () => {
  const before = openFds();
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const addon = require(workerData.addon);
    const { pidfd } = addon.spawn({ file: '/bin/true', argv: ['true'], env: [], fds: [] });
    globalThis.open = Array.from({ length: 20 }, () => addon.pidfdWatch(addon.pidfdOpen(process.ppid), () => {}));
    addon.pidfdWatch(pidfd, () => parentPort.postMessage(addon.pidfdReap(pidfd)));
    if (workerData.stays) setInterval(() => {}, 1000);
    else parentPort.once('message', () => {});`;
  for (const stays of [false, true, false, true]) {
    const worker = new Worker(script, { eval: true, workerData: { addon: nativeFile('boxlite.node'), stays } });
    expect(await once(worker, 'message')).toEqual([{ code: 0, signal: null }]);
    const exited = once(worker, 'exit');
    if (stays) void worker.terminate();
    else worker.postMessage('end');
    expect(await exited).toEqual([stays ? 1 : 0]);
  }
  // Descriptors that the script itself opened and never closed: 21 for each worker.
  await until('the watches gave their descriptors back', () => openFds() - before <= 4 * 21);
});

async function runNode(script: string, ...flags: string[]): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [...flags, '-e', script, nativeFile('boxlite.node')], {
    timeout: 20_000,
  });
  return stdout;
}
