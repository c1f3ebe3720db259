import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { root, searchPath } from '../setup/paths.mjs';

const TERMINATION_MS = 15_000;
const OUTPUT_MS = 2_000;

const running = new Set();

/**
 * Runs a program to its end, without stdin, in a process group that is ended when its time is up or the tests are
 * stopped. Resolves, whatever happens, with its code (null when it had none), how it ended in words, and its output.
 */
export function run(program, args, { cwd = root, env = {}, timeoutMs = 600_000, onLine = () => {} } = {}) {
  // However this process ends, what it started ends with it.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', program, ...args], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: searchPath, ...env },
  });
  const group = new Group(child);
  const lines = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      onLine(line);
    });
  }
  const clock = setTimeout(() => group.stop(`was ended after ${timeoutMs / 1000} s`), timeoutMs);
  return new Promise((resolve) => {
    const settle = (code, how) => {
      clearTimeout(clock);
      group.forget();
      resolve({ code, how: group.reason ?? how, output: lines.join('\n') });
    };
    child.on('error', (error) => settle(null, `could not be started: ${error.message}`));
    child.on('exit', () => group.dropOutput());
    child.on('close', (code, signal) => settle(code, `ended with ${signal ?? `code ${code}`}`));
  });
}

/** A child with all that it started, but for what left its group. */
class Group {
  reason;
  #child;
  #clock;
  #outputClock;

  constructor(child) {
    this.#child = child;
    running.add(this);
  }

  stop(reason) {
    this.reason ??= reason;
    this.signal('SIGTERM');
    this.#clock ??= setTimeout(() => this.signal('SIGKILL'), TERMINATION_MS);
  }

  signal(name) {
    try {
      if (this.#child.pid) process.kill(-this.#child.pid, name);
    } catch {} // all of it has ended
  }

  /** What left the group and keeps the output open would be waited for. */
  dropOutput() {
    this.signal('SIGKILL');
    const streams = [this.#child.stdout, this.#child.stderr];
    this.#outputClock = setTimeout(() => streams.forEach((stream) => void stream.destroy()), OUTPUT_MS);
  }

  forget() {
    clearTimeout(this.#clock);
    clearTimeout(this.#outputClock);
    this.signal('SIGKILL');
    running.delete(this);
  }
}

/** Ends all that runs; what waits for it goes on. */
export function stopAll(reason) {
  for (const group of running) group.stop(reason);
}
