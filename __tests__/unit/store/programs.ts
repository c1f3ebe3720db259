import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(__dirname, '../../..');
let directory = '';

/** Bundles the store for programs of their own; before the tests of a file. */
export function buildPrograms(): void {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'boxlite-programs-'));
    // Another user runs some of them.
    chmodSync(directory, 0o755);
    const options = ['--bundle', '--platform=node', '--format=cjs', '--packages=external', '--log-level=error'];
    const entry = join(root, 'lib/store/open.ts');
    execFileSync(join(root, 'node_modules/.bin/esbuild'), [entry, ...options, `--outfile=${directory}/store.cjs`]);
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
}

export const programDirectory = (): string => directory;

export interface Program {
  process: ChildProcess;
  go(): void;
  /** What the body returned, or the failure's code, message and hint. */
  result: Promise<Outcome>;
}
export interface Outcome {
  value?: unknown;
  failure?: { code: string; message: string; hint: string; retryable: boolean };
}
interface Launch {
  uid?: number | undefined;
  /** What is put before the node command. */
  wrapper?: string[];
}

/** Starts the body of an async function with `openStore` and `home` in a process of its own; it waits until it is told to go. */
export async function program(home: string, body: string, { uid, wrapper = [] }: Launch = {}): Promise<Program> {
  const file = join(directory, `${Math.random().toString(36).slice(2)}.cjs`);
  writeFileSync(file, source(home, body));
  const [command = '', ...args] = [...wrapper, process.execPath, file];
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: directory,
    ...(uid ? { uid, gid: uid } : {}),
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.value !== 'waiting') throw new Error(`The program did not start: ${first.value}`);
  const result = lines.next().then(({ value }): Outcome => JSON.parse(value ?? '{}'));
  return { process: child, go: () => child.stdin?.end('go\n'), result };
}

export async function outcomeOf(home: string, body: string, launch: Launch = {}): Promise<Outcome> {
  const { go, result } = await program(home, body, launch);
  go();
  return result;
}

function source(home: string, body: string): string {
  return `
    const home = ${JSON.stringify(home)};
    const { openStore } = require('./store.cjs');
    const body = async () => {${body}};
    console.log('waiting');
    process.stdin.once('data', () => {
      body().then(
        (value) => console.log(JSON.stringify({ value })),
        ({ code, message, hint, retryable }) => console.log(JSON.stringify({ failure: { code, message, hint, retryable } })),
      );
    });
  `;
}
