import { BoxliteError } from '../errors';
import type { Outflow } from './outflow';

/** A command's stdin as a web stream: a write resolves when it is sent within the credit, close delivers EOF. */
export function stdinStream(out: Outflow): WritableStream<Uint8Array | string> {
  return new WritableStream<Uint8Array | string>({
    async write(chunk) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (await out.write(bytes)) return;
      if (out.failure) throw out.failure;
      throw new BoxliteError('process-not-found', 'The command ended before all of its stdin was written');
    },
    close: () => out.end(),
    abort: () => out.end(),
  });
}
