import { setTimeout as delay } from 'node:timers/promises';
import { held } from './held.mjs';
import { atMost } from './verdict.mjs';

const UNREAD_MS = 10_000;
const MOST_MIB = 8;

/** `yes` that nobody reads, on a pipe and on a terminal, for ten seconds by the clock. */
export async function boundUnread({ box, shim, say }) {
  const before = await held(box, shim);
  const unread = [await box.spawn('yes'), await box.spawn('yes', { tty: true })];
  say(`yes is unread for ${UNREAD_MS / 1000} s`);
  await delay(UNREAD_MS);
  const after = await held(box, shim);
  for (const process of unread) {
    await process.kill('SIGKILL');
    await process.wait();
  }
  return Object.keys(before.memory).map((who) =>
    atMost(`yes unread for 10 s: growth of the ${who}`, after.memory[who] - before.memory[who], MOST_MIB),
  );
}
