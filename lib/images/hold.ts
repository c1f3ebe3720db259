import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { native } from '../native/load';
import type { Deadline } from '../util/deadline';
import { makeDirectories } from '../util/files';
import { imagesDirectory } from './disk';

/**
 * Works in the home's store of images. Who adds to it shares it; who clears it has it alone, so that nothing goes that
 * another process has found there and not yet written down. The kernel frees an OFD lock when its holders are dead.
 */
export async function holdStore<T>(home: string, deadline: Deadline, work: (lock: number) => Promise<T>): Promise<T> {
  await using held = await openLock(home);
  for (let pauseMs = 2; !native().lockTry(held.fd, false); pauseMs = Math.min(pauseMs * 2, 50)) {
    deadline.throwIfOver();
    await deadline.race(delay(pauseMs));
  }
  return await work(held.fd);
}

/** The same for who clears it; `isAlone` is false when others were at work all the while. */
export async function clearStore<T>(
  home: string,
  waitMs: number,
  deadline: Deadline,
  work: (isAlone: boolean, lock: number) => Promise<T>,
): Promise<T> {
  await using held = await openLock(home);
  const giveUpAt = performance.now() + waitMs;
  let isAlone = native().lockTry(held.fd, true);
  for (let pauseMs = 2; !isAlone && performance.now() < giveUpAt; pauseMs = Math.min(pauseMs * 2, 50)) {
    await deadline.race(delay(pauseMs));
    deadline.throwIfOver();
    isAlone = native().lockTry(held.fd, true);
  }
  return await work(isAlone, held.fd);
}

async function openLock(home: string): Promise<{ fd: number; [Symbol.asyncDispose](): Promise<void> }> {
  await makeDirectories(imagesDirectory(home));
  const file: FileHandle = await open(join(imagesDirectory(home), 'lock'), 'a+', 0o600);
  return { fd: file.fd, [Symbol.asyncDispose]: () => file.close() };
}
