import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeBusyboxImage } from '../scripts/images/busybox.mjs';
import { editExt4, makeExt4 } from '../scripts/setup/ext4.mjs';
import { withLock } from '../scripts/setup/lock.mjs';
import { root } from '../scripts/setup/paths.mjs';
import { runSteps } from '../scripts/setup/run-steps.mjs';
import { isStale } from '../scripts/setup/stale.mjs';
import { bare, built, image, stream } from './paths.mjs';

const DISK_BYTES = 4 * 2 ** 20;
const UUID = '5d0c3f4e-2a55-4b0e-9b5e-3f6c5a1e7d21';
const FEATURES = ['ext_attr', 'dir_index', 'filetype', 'extent', 'sparse_super', 'large_file', 'extra_isize'];
const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror'];

const here = join(root, 'bench');
const agent = join(built, 'bare_agent');
const program = join(built, 'true');

const bareMachine = {
  id: 'bench-bare',
  title: 'bare machine of the benchmark',
  script: import.meta.url,
  inputs: ['bench/bare', 'scripts/setup/ext4.mjs'],
  outputs: ['out/bench/bare_runner', 'out/bench/bare.ext4', 'out/bench/stream'],
  async run(context) {
    mkdirSync(built, { recursive: true });
    const source = (name) => join(root, 'bench', 'bare', name);
    await context.run('gcc', ['-std=gnu17', '-Os', '-static', '-s', ...WARNINGS, '-o', agent, source('bare_agent.c')]);
    await context.run('gcc', ['-std=gnu17', '-Os', '-static', '-s', ...WARNINGS, '-o', program, source('true.c')]);
    await context.run('gcc', ['-std=gnu17', '-Os', '-static', '-s', ...WARNINGS, '-o', stream, source('stream.c')]);
    await context.run('g++', ['-std=c++20', '-O2', ...WARNINGS, '-o', bare.runner, source('bare_runner.cpp')]);
    await makeDisk(context);
  },
  repair: 'the packages gcc, g++, libc6-dev and e2fsprogs must be installed.',
};

/** The peers are never dependencies of the product: bench/ has its own list of them. */
const peers = {
  id: 'bench-peers',
  title: 'peers of the benchmark',
  script: import.meta.url,
  inputs: ['bench/package.json'],
  outputs: ['bench/node_modules/@boxlite-ai/boxlite/package.json'],
  async run(context) {
    await context.run('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], { cwd: here });
  },
  repair: 'see that the registry of npm answers.',
};

async function makeDisk(context) {
  const fresh = `${bare.disk}.new`;
  await makeExt4(context, fresh, { bytes: DISK_BYTES, uuid: UUID, features: FEATURES });
  const programs = { agent, true: program };
  await editExt4(context, fresh, [
    'mkdir dev',
    'mkdir sys',
    ...Object.entries(programs).flatMap(([name, from]) => [
      `write ${from} ${name}`,
      `set_inode_field ${name} mode 0100755`,
    ]),
  ]);
  for (const [name, from] of Object.entries(programs)) await checkWritten(context, fresh, name, from);
  renameSync(fresh, bare.disk);
}

/** debugfs ends with 0 whatever happens. */
async function checkWritten(context, disk, name, from) {
  const copy = join(built, 'copy');
  await editExt4(context, disk, [`dump ${name} ${copy}`]);
  const isSame = readFileSync(copy).equals(readFileSync(from));
  rmSync(copy);
  if (!isSame) throw new Error(`/${name} of the bare disk is not what was written`);
}

/** Makes what the benchmark needs beside the product, where it is missing or stale. Rejects with SetupFailed. */
export async function buildBench({ withPeers }) {
  const steps = withPeers ? [bareMachine, peers] : [bareMachine];
  if (steps.some(isStale)) await withLock(() => runSteps(steps));
  await makeBusyboxImage(image);
}
