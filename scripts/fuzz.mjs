#!/usr/bin/env node
// npm run fuzz [-- --runs N]: libFuzzer on what the agent and the shim read, from the corpus of the tests, with ASan and UBSan.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasCommand, out, root } from './setup/paths.mjs';

const STANDARD_RUNS = 200_000;
const LONGEST_INPUT = 4096;
const FUZZERS = {
  agent: [
    'cpp/fuzz/agent.cpp',
    'cpp/agent/assembly.cpp',
    'cpp/agent/exec_request.cpp',
    'cpp/agent/environment.cpp',
    'cpp/agent/users.cpp',
  ],
  shim: [
    'cpp/fuzz/shim.cpp',
    'cpp/shim/client.cpp',
    'cpp/shim/direction.cpp',
    'cpp/shim/link.cpp',
    'cpp/shim/stream_table.cpp',
  ],
};

const runs = readRuns();
if (!hasCommand('clang++')) {
  console.error('fuzz: clang++ is missing: apt-get install clang libclang-rt-dev');
  process.exit(1);
}
mkdirSync(join(out, 'fuzz'), { recursive: true });
for (const name of Object.keys(FUZZERS)) {
  const program = build(name);
  fuzz(name, program);
}
console.log(`fuzz: ${runs} runs each, nothing found`);

function readRuns() {
  try {
    const { values } = parseArgs({ options: { runs: { type: 'string', default: String(STANDARD_RUNS) } } });
    const count = Number(values.runs);
    if (Number.isSafeInteger(count) && count > 0) return count;
  } catch {}
  console.error('usage: npm run fuzz [-- --runs N]');
  process.exit(2);
}

function build(name) {
  const { common } = JSON.parse(readFileSync(join(root, 'native.json'), 'utf8'));
  const program = join(out, 'fuzz', name);
  const flags = ['-std=c++20', '-O1', '-g', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'];
  const sources = ['cpp/fuzz/main.cpp', ...FUZZERS[name], ...common.sources];
  run('clang++', [...flags, '-Icpp', `-DFUZZED=fuzz_${name}`, ...sources, '-o', program]);
  return program;
}

/** What it learns goes into out/, the corpus of the tests stays as it is. */
function fuzz(name, program) {
  const learned = join(out, 'fuzz', `${name}-corpus`);
  mkdirSync(learned, { recursive: true });
  const bounds = [`-runs=${runs}`, `-max_len=${LONGEST_INPUT}`, '-timeout=5', '-rss_limit_mb=1024', '-seed=1'];
  const artifacts = `-artifact_prefix=${join(out, 'fuzz', `${name}-`)}`;
  run(program, [...bounds, artifacts, learned, join(root, '__tests__/corpus', name)]);
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  console.error(`fuzz: ${program} ${error ? error.message : `ended with ${status}`}`);
  process.exit(1);
}
