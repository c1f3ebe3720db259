import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeBusyboxImage } from '../../scripts/images/busybox.mjs';
import { withLock } from '../../scripts/setup/lock.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { runSteps } from '../../scripts/setup/run-steps.mjs';
import { isStale } from '../../scripts/setup/stale.mjs';
import { built, image } from '../paths.mjs';

export const gvproxy = join(built, 'gvproxy');
export const pump = join(built, 'pump');

const from = join(root, 'bench', 'network');

const peer = {
  id: 'bench-gvproxy',
  title: 'gvproxy of the benchmark',
  script: import.meta.url,
  inputs: ['bench/network/go.mod', 'bench/network/go.sum'],
  outputs: ['out/bench/gvproxy'],
  run(context) {
    mkdirSync(built, { recursive: true });
    const what = 'github.com/containers/gvisor-tap-vsock/cmd/gvproxy';
    const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', gvproxy, what];
    return context.run('go', args, { cwd: from, env: { CGO_ENABLED: '0' } });
  },
  repair: 'go must reach its module proxy, or have the modules of bench/network/go.sum in its cache.',
};

const pumpProgram = {
  id: 'bench-pump',
  title: 'pump of the benchmark',
  script: import.meta.url,
  inputs: ['bench/network/pump.c'],
  outputs: ['out/bench/pump'],
  run(context) {
    mkdirSync(built, { recursive: true });
    const args = ['-std=gnu17', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror'];
    return context.run('gcc', [...args, '-o', pump, join(from, 'pump.c')]);
  },
  repair: 'the packages gcc and libc6-dev must be installed.',
};

/** Builds what the benchmark of the network needs beside the product, where it is missing or stale. */
export async function buildNetworkBench() {
  const steps = [peer, pumpProgram];
  if (steps.some(isStale)) await withLock(() => runSteps(steps));
  await makeBusyboxImage(image);
}
