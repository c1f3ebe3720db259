import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { native, nativeFile } from '../../../lib/native/load';
import { cleanUp, onCleanUp, tempDirectory } from '../support';

afterEach(cleanUp);

function opened(path: string, flags = 'a'): number {
  const fd = openSync(path, flags);
  onCleanUp(() => {
    try {
      closeSync(fd);
    } catch {
      // closed by the test itself
    }
  });
  return fd;
}

test('an exclusive lock keeps all others out until it is released', () => {
  const path = join(tempDirectory(), 'lock');
  const [one, two] = [opened(path), opened(path)];
  expect(native().lockTry(one, true)).toBe(true);
  expect(native().lockTry(two, true)).toBe(false);
  expect(native().lockHeld(two)).toBe(true);
  // Not by another: one's own lock is none against oneself.
  expect(native().lockHeld(one)).toBe(false);
  native().unlock(one);
  expect(native().lockHeld(two)).toBe(false);
  expect(native().lockTry(two, true)).toBe(true);
});

test('shared locks go together, and keep an exclusive one out', () => {
  const path = join(tempDirectory(), 'lock');
  const [one, two, three] = [opened(path, 'a+'), opened(path, 'a+'), opened(path, 'a+')];
  expect([one, two].map((fd) => native().lockTry(fd, false))).toEqual([true, true]);
  expect(native().lockTry(three, true)).toBe(false);
  expect(native().lockHeld(three)).toBe(true);
});

test('a lock is seen through a descriptor that can only read', () => {
  const path = join(tempDirectory(), 'lock');
  native().lockTry(opened(path), true);
  expect(native().lockHeld(opened(path, 'r'))).toBe(true);
});

test('closing the descriptor frees the lock, closing another of the same file does not', () => {
  const path = join(tempDirectory(), 'lock');
  const [holder, bystander, asking] = [opened(path), opened(path), opened(path)];
  native().lockTry(holder, true);
  closeSync(bystander);
  expect(native().lockHeld(asking)).toBe(true);
  closeSync(holder);
  expect(native().lockHeld(asking)).toBe(false);
});

test('the kernel frees the lock of a program that is killed', async () => {
  const path = join(tempDirectory(), 'lock');
  const script = `
    const addon = require(process.argv[1]);
    console.log(addon.lockTry(require('fs').openSync(process.argv[2], 'a'), true));
    process.stdin.resume();`;
  const program = spawn(process.execPath, ['-e', script, nativeFile('boxlite.node'), path]);
  onCleanUp(() => program.kill('SIGKILL'));
  const [said] = await once(program.stdout, 'data');
  expect(String(said)).toBe('true\n');
  const asking = opened(path);
  expect(native().lockHeld(asking)).toBe(true);
  program.kill('SIGKILL');
  await once(program, 'exit');
  expect(native().lockHeld(asking)).toBe(false);
});

test('a descriptor that is not open is EBADF', () => {
  for (const call of [() => native().lockTry(9999, true), () => native().lockHeld(9999), () => native().unlock(9999)]) {
    expect(call).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'fcntl' }));
  }
});
