#!/usr/bin/env node
// npm run bench [-- --lab] [--engine auto|krun|qemu] [--only PART,…] [--json]: what the product costs over the bare machine.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBench } from '../bench/build.mjs';
import { endSignal } from '../bench/end-signal.mjs';
import { measureAll, PARTS } from '../bench/measure.mjs';
import { report } from '../bench/report.mjs';
import { buildLab } from './lab/build.mjs';
import { runInLab } from './lab/run.mjs';
import { setup } from './setup.mjs';
import { probeKvm } from './test/kvm.mjs';

const HOURS_MS = 2 * 3_600_000;
const ENGINES = ['auto', 'krun', 'qemu'];

const { lab, engine, json, only } = readArguments();
const say = json ? console.error : console.log;
const signal = endSignal();
try {
  await prepare();
  const measured = lab ? await measureInLab() : await measureAll({ engine, only, signal, say });
  const { ok, text } = report(measured);
  console.log(json ? JSON.stringify({ ok, ...measured }, undefined, 2) : `\n${text}`);
  process.exitCode = ok ? 0 : 1;
} catch (failure) {
  const error = signal.aborted ? signal.reason : failure;
  console.error(`bench: ${error.message}${error.consoleTail ? `\n${error.consoleTail}` : ''}`);
  process.exitCode = 1;
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        lab: { type: 'boolean', default: false },
        engine: { type: 'string' },
        only: { type: 'string', default: PARTS.join(',') },
        json: { type: 'boolean', default: false },
      },
    });
    const engine = values.engine ?? (values.lab ? 'krun' : 'auto');
    const only = values.only.split(',');
    if (ENGINES.includes(engine) && only.every((part) => PARTS.includes(part))) return { ...values, engine, only };
  } catch {}
  console.error(`usage: npm run bench [-- --lab] [--engine auto|krun|qemu] [--only ${PARTS.join(',')}] [--json]`);
  process.exit(2);
}

/** What the set-up says goes where the progress goes. */
async function prepare() {
  const log = console.log;
  console.log = say;
  try {
    await setup({ for: 'test' });
    // The peers run on KVM only.
    await buildBench({ withPeers: lab || (engine !== 'qemu' && probeKvm().ok) });
    if (lab) await buildLab();
  } finally {
    console.log = log;
  }
}

async function measureInLab() {
  const share = mkdtempSync(join(tmpdir(), 'boxlite-bench-'));
  try {
    const script = `exec "${process.execPath}" bench/run.mjs "$BOXLITE_LAB_SHARE/results.json" ${engine} ${only.join(',')}`;
    const { code, bootMs } = await runInLab({
      timeoutMs: HOURS_MS,
      script,
      share,
      signal,
      onLine: say,
      onUp: (ms) => say(`lab up in ${(ms / 1000).toFixed(1)} s`),
    });
    if (code !== 0) throw new Error(`the measuring in the lab ended with ${code}`);
    return { ...JSON.parse(readFileSync(join(share, 'results.json'), 'utf8')), labBootMs: bootMs };
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}
