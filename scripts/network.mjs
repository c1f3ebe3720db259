#!/usr/bin/env node
// npm run network [-- --engine qemu|krun] [--seed N]: the tests of a box's network that npm test shortens in the lab, at full length.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBusyboxImage } from './images/busybox.mjs';
import { makeNodeImage } from './images/node.mjs';
import { out } from './setup/paths.mjs';
import { setup } from './setup.mjs';
import { probeKvm } from './test/kvm.mjs';
import { report } from './test/report.mjs';
import { runSuite } from './test/run-suite.mjs';
import { runJest } from './test/suites/jest.mjs';
import { runJestInLab } from './test/suites/lab.mjs';

const FILES = ['network-lives', 'network-hostile', 'network-clients'].map((name) => `__tests__/vm/${name}.test.ts`);
const HOUR_MS = 3_600_000;

const { engine, seed } = readArguments();
await setup({ for: 'test' });
await makeBusyboxImage(join(out, 'images/busybox'));
await makeNodeImage(join(out, 'images/node'));
const isLab = engine === 'krun' && !probeKvm().ok;
const env = { BOXLITE_TEST_ENGINE: engine, BOXLITE_NETWORK_ALL: '1', ...(seed ? { BOXLITE_NETWORK_SEED: seed } : {}) };
const what = { name: `network-${engine}`, only: FILES, env, timeoutMs: HOUR_MS };
const run = (context) => (isLab ? runJestInLab : runJest)('vm', { ...context, ...what });
const result = await runSuite({ id: 'network', engine, isLab, run });
console.log(report([result]));
process.exitCode = Number(result.failed > 0);

function readArguments() {
  try {
    const options = { engine: { type: 'string', default: 'qemu' }, seed: { type: 'string' } };
    const { values } = parseArgs({ options });
    if (['qemu', 'krun'].includes(values.engine)) return values;
  } catch {}
  console.error('usage: node scripts/network.mjs [--engine qemu|krun] [--seed N]');
  process.exit(2);
}
