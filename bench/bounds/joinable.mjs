import { setTimeout as delay } from 'node:timers/promises';

const TEN_MINUTES_S = 600;
const MARGIN_S = 10;

/** A detached command that has ended can be joined for ten minutes by the box's clock, and not after. */
export async function boundJoinable({ box, say }) {
  const process = await box.spawn('echo kept', { detached: true });
  await process.wait();
  const endedAt = await uptime(box);
  say('a command that has ended is looked at for ten minutes');
  await at(box, endedAt + TEN_MINUTES_S - MARGIN_S);
  const before = await joined(box, process.id);
  await at(box, endedAt + TEN_MINUTES_S + MARGIN_S);
  const after = await joined(box, process.id);
  return [
    { title: 'joined 10 s before ten minutes are over', found: before, bound: 'kept', ok: before === 'kept' },
    { title: 'joined 10 s after', found: after, bound: 'not found', ok: after === 'process-not-found' },
  ];
}

/** QEMU on a busy machine lets the box's clock lose ticks: it is looked at again. */
async function at(box, seconds) {
  for (let left = seconds - (await uptime(box)); left > 0; left = seconds - (await uptime(box)))
    await delay(left * 1000);
}

async function uptime(box) {
  return Number((await box.exec(['cat', '/proc/uptime'], { check: true })).stdout.split(' ')[0]);
}

async function joined(box, id) {
  try {
    const process = await box.attach(id);
    return (await process.wait()).stdout.trim();
  } catch (error) {
    return error.code ?? error.message;
  }
}
