#!/usr/bin/env node
// npm run bounds and npm run execs: what commands leave behind in client, shim and agent, by the clock and in numbers.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { image } from '../bench/paths.mjs';
import { makeBusyboxImage } from './images/busybox.mjs';
import { buildLab } from './lab/build.mjs';
import { runInLab } from './lab/run.mjs';
import { root } from './setup/paths.mjs';
import { setup } from './setup.mjs';
import { probeKvm } from './test/kvm.mjs';

const BOUNDS = ['bulk', 'unread', 'execs', 'joinable'];
const HOURS_MS = 2 * 3_600_000;

const { names, engine, count } = readArguments();
await setup({ for: 'test' });
await makeBusyboxImage(image);
const command = [process.execPath, '--expose-gc', 'bench/bounds/run.mjs', engine, String(count), ...names];
process.exitCode = engine === 'krun' && !probeKvm().ok ? await runThere() : runHere();

function runHere() {
  return spawnSync(command[0], command.slice(1), { cwd: root, stdio: 'inherit' }).status ?? 1;
}

async function runThere() {
  await buildLab();
  const script = command.map((word) => `'${word}'`).join(' ');
  return (await runInLab({ script, timeoutMs: HOURS_MS })).code;
}

function readArguments() {
  try {
    const options = { engine: { type: 'string', default: 'qemu' }, count: { type: 'string', default: '2000' } };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const names = positionals.length === 0 ? BOUNDS : positionals;
    const count = Number(values.count);
    const isGood = ['qemu', 'krun'].includes(values.engine) && Number.isSafeInteger(count) && count > 0;
    if (isGood && names.every((name) => BOUNDS.includes(name))) return { names, engine: values.engine, count };
  } catch {}
  console.error('usage: npm run bounds -- [bulk] [unread] [execs] [joinable] [--engine qemu|krun] [--count 2000]');
  process.exit(2);
}
