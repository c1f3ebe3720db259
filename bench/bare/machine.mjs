import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootTimeoutMs, machine, streamBytes } from '../machine.mjs';
import { engines } from './engines.mjs';

const HELLO = 'h'.charCodeAt(0);
const STDERR_BYTES = 4096;
const piece = Buffer.alloc(64 * 1024);

/** A machine with nothing of the product in it: no shim, no jail, no protocol, one disk. */
export class BareMachine {
  #directory = mkdtempSync(join(tmpdir(), 'boxlite-bare-'));
  #started;
  #closed;
  #agent;
  #stderr = '';
  #over = new AbortController();

  /** Boots one; `bootMs` is the time from the spawning to the hello of its agent. */
  static async boot(engine, signal, shape = machine) {
    const booted = new BareMachine();
    signal.addEventListener('abort', () => booted.#over.abort(signal.reason), { signal: booted.#over.signal });
    try {
      const limit = AbortSignal.any([booted.#over.signal, AbortSignal.timeout(bootTimeoutMs)]);
      await booted.#boot(engine, shape, limit);
      return booted;
    } catch (error) {
      await booted.end();
      if (signal.aborted) throw signal.reason;
      throw new Error(`the bare machine did not boot: ${error.message}\n${booted.#stderr}`.trimEnd());
    }
  }

  get pid() {
    return this.#started.child.pid;
  }

  /** One round trip to the bare agent, in which it runs /true; resolves with the milliseconds it took. */
  async run() {
    const began = performance.now();
    this.#agent.write('r');
    await this.#answer();
    return performance.now() - began;
  }

  /** Takes what the bare agent streams; resolves with the milliseconds it took. */
  async streamOut() {
    const began = performance.now();
    this.#agent.write('o');
    let left = streamBytes;
    const take = ({ length }) => {
      left -= length;
    };
    this.#agent.on('data', take);
    try {
      while (left > 0) await once(this.#agent, 'data', { signal: this.#over.signal });
    } finally {
      this.#agent.off('data', take);
    }
    if (left < 0) throw new Error(`the bare agent sent ${-left} bytes too many`);
    return performance.now() - began;
  }

  /** Streams to the bare agent until it has all; resolves with the milliseconds it took. */
  async streamIn() {
    const began = performance.now();
    this.#agent.write('i');
    for (let left = streamBytes; left > 0; left -= piece.length) {
      if (!this.#agent.write(piece)) await once(this.#agent, 'drain', { signal: this.#over.signal });
    }
    await this.#answer();
    return performance.now() - began;
  }

  async end() {
    this.#over.abort();
    this.#agent?.destroy();
    this.#started?.close();
    this.#started?.child.kill('SIGKILL');
    await this.#closed;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #boot(engine, shape, signal) {
    this.#started = await engines[engine](shape, this.#directory, signal);
    this.#watch(this.#started.child);
    const died = this.#closed.then((code) => Promise.reject(new Error(`its process ended with ${code}`)));
    await Promise.race([this.#greeting(signal), died]);
    this.bootMs = performance.now() - this.#started.began;
    died.catch((error) => this.#over.abort(error));
  }

  #watch(child) {
    child.stderr.on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_BYTES);
    });
    this.#closed = new Promise((resolve) => {
      child.on('close', (code, signal) => resolve(signal ?? code));
      child.on('error', (error) => resolve(error.message));
    });
  }

  async #greeting(signal) {
    this.#agent = await this.#started.agent;
    // The machine's end breaks the connection; what waits for an answer is told by the close.
    this.#agent.on('error', () => {});
    const [hello] = await once(this.#agent, 'data', { signal });
    if (hello[0] !== HELLO) throw new Error(`its agent said ${hello.toString('hex')}`);
  }

  async #answer() {
    const [answer] = await once(this.#agent, 'data', { signal: this.#over.signal });
    if (answer.length !== 1 || answer[0] !== 0) throw new Error(`the bare agent answered ${answer.toString('hex')}`);
  }
}
