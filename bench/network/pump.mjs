import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { pump } from './build.mjs';

const MIB = 1024 * 1024;

/** The host's end of the transfers: a server on all addresses. */
export async function servePump() {
  const child = spawn(pump, ['serve', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value ?? Promise.reject(new Error('the pump of the host has ended'));
  const port = Number(await next());
  return {
    port,
    /** MiB a second of the transfer that ended next, from its first byte to its last. */
    async transferred() {
      const [bytes, nanoseconds] = (await next()).split(' ').map(Number);
      return bytes / MIB / (nanoseconds / 1e9);
    },
    async close() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** A connection, a line there, a line back, and the end of it: its milliseconds. */
export function requested(port) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const socket = connect(port, '127.0.0.1', () => socket.write('r\n'));
    let heard = '';
    socket.setNoDelay(true).on('error', reject);
    socket.on('data', (data) => {
      heard += data;
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      if (heard === 'ok\n') resolve(performance.now() - began);
      else reject(new Error(`heard '${heard}' on port ${port}`));
    });
  });
}
