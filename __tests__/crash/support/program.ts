import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scaled } from '../../helpers/speed';
import { until } from '../../native/support';
import type { Fact } from './order';

const root = join(__dirname, '../../..');
const natives = process.env.BOXLITE_NATIVE_DIR ?? join(root, 'out', 'native');
let directory = '';

/** Bundles the programs of these tests for the file that calls it, and removes them after it. */
export function programs(...names: string[]): void {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'boxlite-programs-'));
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    const options = ['--bundle', '--platform=node', '--target=node20', '--packages=external', '--log-level=error'];
    const entries = names.map((name) => join(__dirname, `${name}.ts`));
    const esbuild = join(root, 'node_modules/.bin/esbuild');
    execFileSync(esbuild, [
      ...entries,
      ...options,
      '--format=cjs',
      '--out-extension:.js=.cjs',
      `--outdir=${directory}`,
    ]);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
}

/** A program of its own that tells facts, a line of JSON each, and is killed at will. */
export class Program {
  readonly facts: Fact[] = [];
  readonly ended: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;
  #complaints = '';

  constructor(name: string, order: object, env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [join(directory, `${name}.cjs`), JSON.stringify(order)], {
      env: { ...process.env, BOXLITE_NATIVE_DIR: natives, ...env },
      stdio: 'pipe',
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.facts.push(JSON.parse(line) as Fact));
    this.#child.stderr.on('data', (data) => {
      this.#complaints = (this.#complaints + data).slice(-4096);
    });
    // It may have been killed when it is told something.
    this.#child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get complaints(): string {
    return this.#complaints;
  }

  /** Waits until it has told such a fact, or can no more: it has ended, or its work has. */
  async tells(what: string, is: (fact: Fact) => boolean, timeoutMs = scaled(60_000)): Promise<Fact> {
    const told = () => this.facts.find(is);
    await until(
      `the program tells ${what}: ${this.#complaints}`,
      () => told() !== undefined || !this.isAlive || this.facts.some(({ ended }) => ended === 'badly'),
      timeoutMs,
    );
    const fact = told();
    if (fact) return fact;
    throw new Error(`The program ended before it told ${what}: ${JSON.stringify(this.facts)}\n${this.#complaints}`);
  }

  /** It goes on from where it stands still. */
  go(): void {
    this.#child.stdin.write('\n');
  }

  /** It ends by itself once it has nothing to do. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.ended;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}
