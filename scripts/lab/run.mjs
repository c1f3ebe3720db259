#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildLab } from './build.mjs';
import { JobDirectory, quoted } from './job.mjs';
import { Line } from './line.mjs';
import { startMachine } from './qemu.mjs';
import { findStall } from './stall.mjs';

const UP_MS = 180_000;
const JOB_MS = 1_800_000;
const LOOK_MS = 5_000;

/** A lab host that did not come up, or ended without the end of its job. */
export class LabFailed extends Error {
  name = 'LabFailed';
}

/** A lab host whose kernel stands still: the emulator's fault, not that of the job. */
export class LabStalled extends LabFailed {
  name = 'LabStalled';
}

/**
 * Boots a lab host and runs a bash script in it as root, in the project's directory, with TMPDIR and HOME on its scratch
 * disk. Resolves with the script's exit code and how long the boot took; rejects with LabFailed, LabStalled, or the signal's reason.
 * `share` is a directory that the script finds, writable, at $BOXLITE_LAB_SHARE. Nothing runs any more when it settles.
 */
export async function runInLab({ script, env = {}, share, timeoutMs = JOB_MS, ...events }) {
  const { signal } = events;
  signal?.throwIfAborted();
  const directory = new JobDirectory({ script, env, share });
  try {
    return await runJob(directory, { timeoutMs, ...events });
  } finally {
    directory.remove();
  }
}

async function runJob(directory, { timeoutMs, onLine = console.log, onUp, signal }) {
  const startedAt = performance.now();
  const machine = startMachine(directory);
  const closed = new Promise((resolve) => machine.on('close', resolve));
  let clock;
  let look;
  try {
    return await new Promise((resolve, reject) => {
      const fail = (message) => reject(new LabFailed(`${message}\n${directory.consoleTail()}`.trimEnd()));
      const within = (ms, message) => {
        clearTimeout(clock);
        clock = setTimeout(() => fail(`${message} within ${ms / 1000} s`), ms);
      };
      let bootMs;
      const line = new Line(directory.nonce, {
        onUp() {
          bootMs = performance.now() - startedAt;
          directory.forgetScratch();
          within(timeoutMs, 'the job in the lab did not end');
          onUp?.(bootMs);
        },
        onLine,
        onEnd: (code) => resolve({ code, bootMs }),
      });
      within(UP_MS, 'the lab host did not come up');
      look = setInterval(() => {
        const stall = findStall(directory.readConsole());
        if (stall) reject(new LabStalled(`the lab host stands still: ${stall}`));
      }, LOOK_MS);
      let complaints = '';
      machine.stderr.on('data', (data) => {
        complaints += data;
      });
      machine.stdin.on('error', () => {});
      machine.stdout.on('data', (data) => line.write(data));
      machine.on('error', (error) => fail(`QEMU could not be started: ${error.message}`));
      machine.on('close', (code) => fail(`the lab host ended early (QEMU: ${code})\n${complaints}`));
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  } finally {
    clearTimeout(clock);
    clearInterval(look);
    machine.kill('SIGKILL');
    await closed;
  }
}

async function main(command) {
  if (command.length === 0) {
    console.error('usage: node scripts/lab/run.mjs -- COMMAND…');
    process.exit(2);
  }
  const end = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => end.abort(new LabFailed(name)));
  await buildLab();
  const { code, bootMs } = await runInLab({ script: command.map(quoted).join(' '), signal: end.signal });
  console.error(`lab: up in ${(bootMs / 1000).toFixed(1)} s, the command ended with ${code}`);
  process.exitCode = code;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [separator, ...command] = process.argv.slice(2);
  await main(separator === '--' ? command : process.argv.slice(2)).catch((error) => {
    console.error(`lab: ${error.message}`);
    process.exitCode = 1;
  });
}
