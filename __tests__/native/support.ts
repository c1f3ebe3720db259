import { type ChildProcess, type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { native } from '../../lib/native/load';
import { scaled } from '../helpers/speed';

/** Waits for a fact; fails with its name once the deadline has passed. */
export async function until(what: string, fact: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  while (!(await fact())) {
    if (performance.now() > endsAt) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
    await delay(2);
  }
}

const cleanups: (() => void)[] = [];

/** For afterEach: takes back what the stages below made, pass or fail. */
export function cleanUp(): void {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
}

export function onCleanUp(cleanup: () => void): void {
  cleanups.push(cleanup);
}

export function tempDirectory(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'boxlite-test-')));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A process of somebody else's, with that id as an argument, which lives until it is killed. */
export async function stranger(...names: string[]): Promise<ChildProcess & { pid: number }> {
  const child = spawn('/bin/sh', ['-c', 'echo up; read _', ...names], { stdio: ['pipe', 'pipe', 'ignore'] });
  cleanups.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child as unknown as ChildProcess & { pid: number };
}

/** A process with the name and the form of one of a box's own, which lives until it is killed. */
export async function boxProcess(
  id: string,
  program = 'boxlite-vmm',
  opened?: string,
): Promise<ChildProcess & { pid: number }> {
  // The id is a shell script, so that the command line is exactly the program and the id.
  const cwd = tempDirectory();
  writeFileSync(join(cwd, id), 'echo up; read _');
  const fd = opened === undefined ? [] : [openSync(opened, 'a+')];
  const options = { argv0: `/opt/${program}`, cwd, stdio: ['pipe', 'pipe', 'ignore', ...fd] as const };
  const child = spawn('/bin/sh', [id], options as unknown as { stdio: ['pipe', 'pipe', 'ignore'] });
  for (const each of fd) closeSync(each);
  cleanups.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child as unknown as ChildProcess & { pid: number };
}

/** A child that the addon started, which runs the shell script and has that argv behind it. */
export function ownChild(
  script: string,
  names: string[] = [],
  cgroup?: string,
  program = 'boxlite-vmm',
): { pid: number; pidfd: number } {
  const [read, write] = native().pipe();
  const nothing = openSync('/dev/null', 'r+');
  try {
    const argv = [`/opt/${program}`, '-c', script, ...names];
    const fds = [read, nothing, nothing];
    const child = native().spawn({ file: '/bin/sh', argv, env: [], fds, ...(cgroup ? { cgroup } : {}) });
    cleanups.push(() => closeSync(write));
    return child;
  } finally {
    closeSync(read);
    closeSync(nothing);
  }
}

export function openFds(): number {
  return readdirSync('/proc/self/fd').length;
}

export function stateOf(pid: number): string | undefined {
  try {
    return /^State:\t(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** A program of its own, which can require the library from `lib`; resolves with what it printed. */
export async function runProgram(script: string, ...args: string[]): Promise<string> {
  return runProgramBehind([], script, ...args);
}

/** The same, run by a command before it, such as `unshare --mount`. */
export async function runProgramBehind(before: readonly string[], script: string, ...args: string[]): Promise<string> {
  const [file = '', ...rest] = [...before, process.execPath, ...programArgv(script, args)];
  const { stdout } = await promisify(execFile)(file, rest, { timeout: scaled(60_000) });
  return stdout;
}

/** The same, running: resolves when it printed something for the first time. */
export async function startProgram(script: string, ...args: string[]): Promise<ChildProcessWithoutNullStreams> {
  const program = spawn(process.execPath, programArgv(script, args), { stdio: 'pipe' });
  cleanups.push(() => program.kill('SIGKILL'));
  await once(program.stdout, 'data');
  return program;
}

function programArgv(script: string, args: string[]): string[] {
  const prelude = `const lib = (name) => require(${JSON.stringify(join(__dirname, '../../lib'))} + '/' + name);`;
  return ['-r', join(__dirname, 'run-ts.cjs'), '-e', `${prelude}(async () => {${script}})()`, ...args];
}
