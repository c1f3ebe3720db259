import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootTimeoutMs, machine } from '../machine.mjs';
import { bare } from '../paths.mjs';

const HELLO = 'h'.charCodeAt(0);
const STDERR_BYTES = 4096;

/** A libkrun machine with nothing of the product in it: no shim, no jail, no protocol, one disk. */
export class BareMachine {
  #directory = mkdtempSync(join(tmpdir(), 'boxlite-bare-'));
  #server = createServer();
  #child;
  #closed;
  #agent;
  #stderr = '';
  #over = new AbortController();

  /** Boots one; `bootMs` is the time from the spawning to the hello of its agent. */
  static async boot(signal) {
    const booted = new BareMachine();
    signal.addEventListener('abort', () => booted.#over.abort(signal.reason), { signal: booted.#over.signal });
    try {
      await booted.#boot(AbortSignal.any([booted.#over.signal, AbortSignal.timeout(bootTimeoutMs)]));
      return booted;
    } catch (error) {
      await booted.end();
      if (signal.aborted) throw signal.reason;
      throw new Error(`the bare machine did not boot: ${error.message}\n${booted.#stderr}`.trimEnd());
    }
  }

  get pid() {
    return this.#child.pid;
  }

  /** One round trip to the bare agent, in which it runs /true; resolves with the milliseconds it took. */
  async run() {
    const began = performance.now();
    this.#agent.write('r');
    const [answer] = await once(this.#agent, 'data', { signal: this.#over.signal });
    const ms = performance.now() - began;
    if (answer.length !== 1 || answer[0] !== 0) throw new Error(`the bare agent answered ${answer.toString('hex')}`);
    return ms;
  }

  async end() {
    this.#over.abort();
    this.#agent?.destroy();
    this.#server.close();
    this.#child?.kill('SIGKILL');
    await this.#closed;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #boot(signal) {
    const socket = join(this.#directory, 'agent.sock');
    this.#server.listen(socket);
    await once(this.#server, 'listening', { signal });
    const began = performance.now();
    this.#spawn(socket);
    const died = this.#closed.then((code) => Promise.reject(new Error(`bare_runner ended with ${code}`)));
    await Promise.race([this.#greeting(signal), died]);
    this.bootMs = performance.now() - began;
    died.catch((error) => this.#over.abort(error));
  }

  #spawn(socket) {
    const { cpus, memoryMiB } = machine;
    const args = [bare.libkrun, bare.libkrunfw, bare.disk, socket, String(cpus), String(memoryMiB)];
    this.#child = spawn(bare.runner, args, { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr.on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_BYTES);
    });
    this.#closed = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => resolve(signal ?? code));
      this.#child.on('error', (error) => resolve(error.message));
    });
  }

  async #greeting(signal) {
    [this.#agent] = await once(this.#server, 'connection', { signal });
    // The machine's end breaks the connection; what waits for an answer is told by the close.
    this.#agent.on('error', () => {});
    const [hello] = await once(this.#agent, 'data', { signal });
    if (hello[0] !== HELLO) throw new Error(`its agent said ${hello.toString('hex')}`);
  }
}
