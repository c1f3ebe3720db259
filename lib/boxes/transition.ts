import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { native } from '../native/load';
import type { Deadline } from '../util/deadline';
import { errnoOf } from '../util/files';

/** A box's transition lock, held: an OFD lock, which the kernel frees when this program dies. */
export interface TransitionLock {
  release(): Promise<void>;
}

/** Takes the lock if nobody has it; null when somebody has, or when the box's directory is gone. */
export async function tryTransition(path: string): Promise<TransitionLock | null> {
  const file = await open(path, 'a', 0o600).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (!file) return null;
  if (native().lockTry(file.fd, true)) return { release: () => file.close() };
  await file.close();
  return null;
}

/** Waits for the lock; null when the box or its directory is gone. `meanwhile` runs before each further try. */
export async function awaitTransition(
  path: string,
  gone: () => Promise<boolean>,
  deadline: Deadline,
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<TransitionLock | null> {
  // The kernel offers no way to wait for an OFD lock that can also be cancelled, so it is asked again, ever less often.
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    deadline.throwIfOver();
    const lock = await tryTransition(path);
    if (lock || (await isMissing(dirname(path))) || (await gone())) return lock;
    await meanwhile();
    await deadline.race(delay(pauseMs));
  }
}

function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error: unknown) => errnoOf(error) === 'ENOENT',
  );
}
