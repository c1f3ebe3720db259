import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busyMachine } from './machine.mjs';
import { image } from './paths.mjs';

const off = { mode: 'disabled' };

/** A box of @boxlite-ai/boxlite on the same image, with a home of its own. Only KVM runs it. */
export class Peer {
  #home = mkdtempSync(join(tmpdir(), 'boxlite-peer-'));
  #box;
  #signal;

  static async boot(signal) {
    const peer = new Peer();
    peer.#signal = signal;
    try {
      const { JsBoxlite } = await import('@boxlite-ai/boxlite');
      const runtime = new JsBoxlite({ homeDir: peer.#home });
      const { cpus, memoryMiB } = busyMachine;
      const network = { outbound: off, inbound: off };
      peer.#box = await runtime.create({ rootfsPath: image, cpus, memoryMib: memoryMiB, network }, null);
      // The first command boots it.
      await peer.run();
      return peer;
    } catch (error) {
      await peer.end();
      throw error;
    }
  }

  /** One exec of `true`; resolves with the milliseconds it took. */
  async run() {
    this.#signal.throwIfAborted();
    const began = performance.now();
    const execution = await this.#box.exec('/bin/true', [], null, false);
    const { exitCode } = await execution.wait();
    if (exitCode !== 0) throw new Error(`true in a box of the peer ended with ${exitCode}`);
    return performance.now() - began;
  }

  async end() {
    await this.#box?.stop();
    rmSync(this.#home, { recursive: true, force: true });
  }
}
