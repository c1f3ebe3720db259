#!/usr/bin/env node
// npm run network [-- --engine qemu|krun] [--seed N]: the tests of a box's network that npm test shortens in the lab, at full length.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeNodeImage } from './images/node.mjs';
import { out } from './setup/paths.mjs';
import { ENGINES, runByCommand } from './test/by-command.mjs';

const FILES = ['network-lives', 'network-hostile', 'network-clients'].map((name) => `__tests__/vm/${name}.test.ts`);
const HOUR_MS = 3_600_000;

const { engine, seed } = readArguments();
const env = { BOXLITE_NETWORK_ALL: '1', ...(seed ? { BOXLITE_NETWORK_SEED: seed } : {}) };
const prepare = () => makeNodeImage(join(out, 'images/node'));
await runByCommand('network', { project: 'vm', only: FILES, engine, env, timeoutMs: HOUR_MS, prepare });

function readArguments() {
  try {
    const options = { engine: { type: 'string', default: 'qemu' }, seed: { type: 'string' } };
    const { values } = parseArgs({ options });
    if (ENGINES.includes(values.engine)) return values;
  } catch {}
  console.error('usage: node scripts/network.mjs [--engine qemu|krun] [--seed N]');
  process.exit(2);
}
