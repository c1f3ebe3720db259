import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { machine, streamBytes } from './machine.mjs';
import { image, ownership, sdk, stream } from './paths.mjs';

const command = ['/bin/true'];
const writer = '/root/stream';

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
  async boot(shape = machine) {
    const signal = this.#signal;
    const began = performance.now();
    const box = await this.#runtime.createBox({ image: { layout: image }, ...shape }, { signal });
    await box.exec(command, { check: true, signal });
    const bootMs = performance.now() - began;
    return new BenchBox({
      box,
      bootMs,
      signal,
      work: this.#home,
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
  #file;
  #hasWriter = false;

  constructor({ box, bootMs, signal, work, engine, processes }) {
    this.#box = box;
    this.#file = join(work, 'upload');
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

  /** So many commands, `atOnce` of them at any time; resolves with the milliseconds they took. */
  async runMany(count, atOnce) {
    const began = performance.now();
    let left = count;
    const runOneByOne = async () => {
      while (left-- > 0) await this.run();
    };
    await Promise.all(Array.from({ length: atOnce }, runOneByOne));
    return performance.now() - began;
  }

  /** The stdout of a command that writes as fast as it can; resolves with the milliseconds it took. */
  async streamOut() {
    if (!this.#hasWriter) await this.#box.upload(stream, writer, { signal: this.#signal });
    this.#hasWriter = true;
    const began = performance.now();
    const { stdoutBytes, dropped } = await this.#box.exec([writer], { check: true, signal: this.#signal });
    const bytes = stdoutBytes.length + dropped.stdout;
    if (bytes !== streamBytes) throw new Error(`${bytes} bytes came of ${streamBytes}`);
    return performance.now() - began;
  }

  /** Uploads a file of the host; resolves with the milliseconds it took. */
  async streamIn() {
    if (!existsSync(this.#file)) writeFileSync(this.#file, Buffer.alloc(streamBytes, 'x'));
    const began = performance.now();
    await this.#box.upload(this.#file, '/root/upload', { signal: this.#signal });
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
