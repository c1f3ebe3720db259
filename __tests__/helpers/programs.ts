import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { busyboxImage } from './images';
import { engine } from './runtimes';

/** Another program that uses the library on a home: its lines, and its end. */
export interface OtherProgram {
  readonly process: ChildProcess & { pid: number };
  /** The next line that it prints; rejects when it ends instead. */
  line(): Promise<string>;
  /** Sends it a line, which its `next()` waits for. */
  say(line: string): void;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const root = join(__dirname, '../..');
const running = new Set<ChildProcess>();

// No program of a test outlives it.
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts the body of an async function with `runtime` and its `settings`, `image` (options of the small test image), `say` and `next` in a program
 * of its own, by the command `within` where one is given. It ends with its body, as any program does: without closing its Runtime.
 */
export function otherProgram(home: string, body: string, within: readonly string[] = []): OtherProgram {
  const options = JSON.stringify({ image: { layout: busyboxImage() }, memoryMiB: 256 });
  const prelude = `
    const { Runtime } = require(${JSON.stringify(join(root, 'lib/index.ts'))});
    const settings = { home: ${JSON.stringify(home)}, engine: ${JSON.stringify(engine)} };
    const runtime = new Runtime(settings);
    const image = ${options};`;
  return scriptProgram(prelude, body, within);
}

/** The same without the library, after a prelude of its own. */
export function scriptProgram(prelude: string, body: string, within: readonly string[] = []): OtherProgram {
  const script = `${prelude}
    const say = (text) => process.stdout.write(text + '\\n');
    const lines = require('node:readline').createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value;
    (async () => {${body}})().then(
      () => process.exit(0),
      (error) => { say('failed ' + (error.code ?? '') + ' ' + error.stack); process.exit(1); },
    );`;
  const argv = [...within, process.execPath, '-r', join(root, '__tests__/native/run-ts.cjs'), '-e', script];
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  running.add(child);
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    return { code, signal };
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`The program ended without a line: ${JSON.stringify(await ended)}`);
    return value as string;
  };
  const say = (text: string) => void child.stdin.write(`${text}\n`);
  return { process: child as ChildProcess & { pid: number }, line, say, ended };
}
