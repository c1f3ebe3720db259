import { forgetPeak, peakRss, rssAfterCollection } from './held.mjs';
import { atMost } from './verdict.mjs';

const MIB = 2 ** 20;
const MOST_MIB = 16;

/** 64 MiB of output of which 1 MiB is kept: the most that this process grows by on the way, its garbage included. */
export async function boundBulk({ box }) {
  const command = ['dd', 'if=/dev/zero', 'bs=64k', 'count=1024'];
  await box.exec(['true'], { check: true });
  const before = rssAfterCollection();
  forgetPeak();
  const result = await box.exec(command, { maxOutputBytes: MIB, check: true });
  const growth = peakRss() - before;
  if (result.stdoutBytes.length !== MIB || result.dropped.stdout !== 63 * MIB)
    throw new Error(`${result.stdoutBytes.length} bytes were kept and ${result.dropped.stdout} dropped`);
  return [atMost('64 MiB through 1 MiB: growth of the client at its peak', growth, MOST_MIB)];
}
