import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { machine } from './machine.mjs';
import { image, ownership, sdk } from './paths.mjs';

const command = ['/bin/true'];

/** The product, with a home of its own for the time of the benchmark. */
export class Product {
  #home = mkdtempSync(join(tmpdir(), 'boxlite-bench-'));
  #runtime;
  #findBoxProcesses;
  #signal;

  static async open(engine, signal) {
    const product = new Product();
    product.#signal = signal;
    product.#findBoxProcesses = (await import(ownership)).findBoxProcesses;
    const { Runtime } = await import(sdk);
    product.#runtime = new Runtime({ home: product.#home, engine });
    return product;
  }

  /** Creates a box; `bootMs` is the time from the call to the result of the first exec in it. */
  async boot() {
    const signal = this.#signal;
    const began = performance.now();
    const box = await this.#runtime.createBox({ image: { layout: image }, ...machine }, { signal });
    await box.exec(command, { check: true, signal });
    const bootMs = performance.now() - began;
    return new BenchBox({
      box,
      bootMs,
      signal,
      engine: (await box.info()).engine,
      processes: this.#findBoxProcesses(box.id),
    });
  }

  async close() {
    await this.#runtime?.close();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

class BenchBox {
  #box;
  #signal;
  #processes;

  constructor({ box, bootMs, signal, engine, processes }) {
    this.#box = box;
    this.#signal = signal;
    this.#processes = processes;
    this.bootMs = bootMs;
    this.engine = engine;
    this.timings = box.boot;
  }

  get pid() {
    return this.#pidOf('boxlite-vmm');
  }

  get shimPid() {
    return this.#pidOf('boxlite-shim');
  }

  /** One exec of `true`; resolves with the milliseconds it took. */
  async run() {
    const began = performance.now();
    await this.#box.exec(command, { check: true, signal: this.#signal });
    return performance.now() - began;
  }

  async end() {
    await this.#box.remove({ force: true });
  }

  #pidOf(program) {
    const found = this.#processes.find(({ argv }) => basename(argv[0]) === program);
    if (!found) throw new Error(`no ${program} of the box ${this.#box.id} is alive`);
    return found.pid;
  }
}
