import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { out } from './paths.mjs';

/** Runs `work` while no other set-up of this clone does. The kernel frees the lock of a set-up that dies. */
export async function withLock(work) {
  mkdirSync(out, { recursive: true });
  const file = openSync(join(out, 'setup.lock'), 'a');
  try {
    await take(file);
    return await work();
  } finally {
    closeSync(file);
  }
}

/** flock(1) locks the open file it inherits, so that the lock stays with this process when flock has ended. */
async function take(file) {
  const stdio = ['ignore', 'ignore', 'inherit', file];
  const { error, status } = spawnSync('flock', ['--nonblock', '3'], { stdio });
  if (error) throw error;
  if (status === 0) return;
  console.log('set-up: another set-up of this clone is running; waiting for it to end');
  const [code] = await once(spawn('flock', ['3'], { stdio }), 'exit');
  if (code !== 0) throw new Error(`flock ended with ${code}`);
}
