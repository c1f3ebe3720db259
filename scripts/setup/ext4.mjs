import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { capture } from './command.mjs';

// The distribution's own defaults and the clock are kept out, so that the same input gives the same disk.
const REPRODUCIBLE = { MKE2FS_CONFIG: '/dev/null', E2FSPROGS_FAKE_TIME: '1700000000' };

/** Makes an ext4 file system in a new sparse file. `uuid` is also the seed of its directory hashes. */
export async function makeExt4(context, path, { bytes, uuid, features, extended = [], more = [] }) {
  rmSync(path, { force: true });
  writeFileSync(path, '');
  truncateSync(path, bytes);
  const options = [`hash_seed=${uuid}`, ...extended].join(',');
  const args = ['-q', '-F', '-t', 'ext4', '-b', '4096', '-I', '256', '-m', '0', '-U', uuid];
  await context.run('mke2fs', [...args, '-O', ['none', ...features].join(','), '-E', options, ...more, path], {
    env: REPRODUCIBLE,
  });
}

/** Runs debugfs commands, which writes files as root's whoever runs it. It ends with 0 whatever happens. */
export async function editExt4(context, path, commands) {
  await context.run('debugfs', ['-w', '-f', '-', path], { env: REPRODUCIBLE, input: `${commands.join('\n')}\n` });
}

/** Fails unless the file system is whole. */
export async function checkExt4(context, path) {
  await context.run('e2fsck', ['-f', '-n', path], { env: REPRODUCIBLE });
}

/** The ranges of blocks in use. A disk of mostly holes takes long to read whole. */
export function usedBlocks(path) {
  const text = capture('dumpe2fs', [path]);
  if (text === undefined) throw new Error(`dumpe2fs cannot read ${path}`);
  const end = Number(text.match(/^Block count: +(\d+)$/m)[1]);
  const free = [...text.matchAll(/^ {2}Free blocks: (.*)$/gm)].flatMap(([, list]) => list.split(', ').map(blockRange));
  const used = [];
  let next = 0;
  for (const { first, last } of [...free, { first: end, last: end }]) {
    if (first > next) used.push({ first: next, last: first - 1 });
    next = last + 1;
  }
  return used;
}

function blockRange(text) {
  const [first, last = first] = text.split('-').map(Number);
  return { first, last };
}
