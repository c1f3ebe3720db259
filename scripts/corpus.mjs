#!/usr/bin/env node
// npm run corpus: every good image of the tests, each booted alone, its tree compared with what umoci unpacks of it.
import { parseArgs } from 'node:util';
import { ENGINES, runByCommand } from './test/by-command.mjs';

const MOST_MS = 2 * 3_600_000;

const { engine, images, seed } = readArguments();
const env = { BOXLITE_CORPUS_IMAGES: images, ...(seed === undefined ? {} : { BOXLITE_CORPUS_SEED: seed }) };
const only = ['__tests__/vm/corpus.test.ts'];
await runByCommand('corpus', { project: 'vm', only, engine, env, timeoutMs: MOST_MS });

function readArguments() {
  const options = {
    engine: { type: 'string', default: 'qemu' },
    images: { type: 'string', default: 'all' },
    seed: { type: 'string' },
  };
  try {
    const { values } = parseArgs({ options });
    if (ENGINES.includes(values.engine)) return values;
  } catch {}
  console.error('usage: node scripts/corpus.mjs [--engine qemu|krun] [--images N|all] [--seed N]');
  process.exit(2);
}
