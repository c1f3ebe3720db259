import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { logs, root, searchPath } from './paths.mjs';

/** A command that ended badly; its output is in the step's log. */
export class CommandFailed extends Error {
  name = 'CommandFailed';
}

/** What a running step works with: commands whose output goes to its log, and an end that can be forced. */
export class StepContext {
  lastLine = '';
  #children = new Set();
  #log;
  #mayStop;
  #stopped = false;

  constructor(step) {
    this.logPath = join(logs, `${step.id}.log`);
    this.#log = createWriteStream(this.logPath);
    this.#mayStop = step.mayStop ?? true;
  }

  /** Runs a command to its end; rejects unless it ends with 0. */
  run(program, args, { cwd = root, env = {}, input } = {}) {
    if (this.#stopped) return Promise.reject(new CommandFailed('stopped'));
    this.write(`$ ${[program, ...args].join(' ')}\n`);
    // A process group of its own, so that what the command itself started can be ended with it.
    const child = spawn(program, args, { cwd, detached: true, env: { ...process.env, PATH: searchPath, ...env } });
    this.#children.add(child);
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => this.write(data));
    return new Promise((resolve, reject) => {
      child.on('error', (error) => reject(new CommandFailed(`${program} could not be started: ${error.message}`)));
      child.on('close', (code, signal) => {
        this.#children.delete(child);
        if (code === 0) resolve();
        else reject(new CommandFailed(`${program} ended with ${signal ?? `code ${code}`}`));
      });
    });
  }

  write(data) {
    const text = data.toString();
    this.lastLine =
      text
        .split(/[\r\n]+/)
        .findLast((line) => line.trim() !== '')
        ?.trim() ?? this.lastLine;
    this.#log.write(text);
  }

  /** Ends the commands that still run, since another step has failed. */
  stop() {
    this.#stopped = true;
    if (!this.#mayStop) return;
    for (const { pid } of this.#children) {
      try {
        process.kill(-pid, 'SIGTERM');
      } catch {} // it has ended
    }
  }

  close() {
    return new Promise((resolve) => this.#log.end(resolve));
  }
}

/** The output of a short command, or undefined when it cannot be run. */
export function capture(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: searchPath } });
  return status === 0 ? stdout : undefined;
}
