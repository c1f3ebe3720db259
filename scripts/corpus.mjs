#!/usr/bin/env node
// npm run corpus: every good image of the tests, each booted alone, its tree compared with what umoci unpacks of it.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBusyboxImage } from './images/busybox.mjs';
import { out } from './setup/paths.mjs';
import { setup } from './setup.mjs';
import { probeKvm } from './test/kvm.mjs';
import { report } from './test/report.mjs';
import { runSuite } from './test/run-suite.mjs';
import { runJest } from './test/suites/jest.mjs';
import { runJestInLab } from './test/suites/lab.mjs';

const MOST_MS = 2 * 3_600_000;

const { engine, images, seed } = readArguments();
await setup({ for: 'test' });
await makeBusyboxImage(join(out, 'images/busybox'));
const isLab = engine === 'krun' && !probeKvm().ok;
const env = {
  BOXLITE_TEST_ENGINE: engine,
  BOXLITE_CORPUS_IMAGES: images,
  ...(seed === undefined ? {} : { BOXLITE_CORPUS_SEED: seed }),
};
const what = { name: `corpus-${engine}`, only: ['__tests__/vm/corpus.test.ts'], env, timeoutMs: MOST_MS };
const run = (context) => (isLab ? runJestInLab : runJest)('vm', { ...context, ...what });
const result = await runSuite({ id: 'corpus', engine, isLab, run });
console.log(report([result]));
process.exitCode = Number(result.failed > 0);

function readArguments() {
  const options = {
    engine: { type: 'string', default: 'qemu' },
    images: { type: 'string', default: 'all' },
    seed: { type: 'string' },
  };
  try {
    const { values } = parseArgs({ options });
    if (['qemu', 'krun'].includes(values.engine)) return values;
  } catch {}
  console.error('usage: node scripts/corpus.mjs [--engine qemu|krun] [--images N|all] [--seed N]');
  process.exit(2);
}
