import { setTimeout as delay } from 'node:timers/promises';

const MINUTE_MS = 60_000;
const MARGIN_MS = 10_000;

/** A detached command that has ended can be joined for ten minutes by the clock, and not after. */
export async function boundJoinable({ box, say }) {
  const process = await box.spawn('echo kept', { detached: true });
  await process.wait();
  const endedAt = performance.now();
  const at = (ms) => delay(Math.max(0, endedAt + ms - performance.now()));
  say('a command that has ended is looked at for ten minutes');
  await at(10 * MINUTE_MS - MARGIN_MS);
  const before = await joined(box, process.id);
  await at(10 * MINUTE_MS + MARGIN_MS);
  const after = await joined(box, process.id);
  return [
    { title: 'joined 10 s before ten minutes are over', found: before, bound: 'kept', ok: before === 'kept' },
    { title: 'joined 10 s after', found: after, bound: 'not found', ok: after === 'process-not-found' },
  ];
}

async function joined(box, id) {
  try {
    const process = await box.attach(id);
    return (await process.wait()).stdout.trim();
  } catch (error) {
    return error.code ?? error.message;
  }
}
