#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { ENGINES, runByCommand } from './test/by-command.mjs';

/** Each test file, and how much of it its own command does unless told otherwise. */
const TESTS = {
  matrix: { cells: 'all' },
  storm: { rounds: '300' },
  residents: { seconds: '60' },
};
const HOURS_MS = 4 * 3_600_000;

const { test, values } = readArguments();
const { engine } = values;
const only = [`__tests__/crash/${test}.test.ts`];
await runByCommand(test, { project: 'crash', only, engine, env: environment(), timeoutMs: HOURS_MS });

/** The tests read what they are to do from their environment; a seed makes a run again. */
function environment() {
  const settings = { ...TESTS[test], ...values };
  const names = Object.keys(settings).filter((name) => name !== 'engine');
  return Object.fromEntries(names.map((name) => [`BOXLITE_CRASH_${name.toUpperCase()}`, settings[name]]));
}

function readArguments() {
  const options = { engine: { type: 'string', default: 'qemu' }, seed: { type: 'string' } };
  for (const name of ['cells', 'parts', 'rounds', 'seconds']) options[name] = { type: 'string' };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [test] = positionals;
    if (positionals.length === 1 && test in TESTS && ENGINES.includes(values.engine)) return { test, values };
  } catch {}
  console.error('usage: node scripts/crash.mjs matrix|storm|residents [--engine qemu|krun] [--seed N] [--cells N|all]');
  console.error('       [--parts client,shim,…] [--rounds N] [--seconds N]');
  process.exit(2);
}
