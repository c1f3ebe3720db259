import { createConnection, type Socket } from 'node:net';

// At least as much as the largest frame.
const readBytes = 256 * 1024;

/** A unix socket that is read into one piece of memory, again and again: what passes through leaves no garbage. */
export class ByteSocket {
  readonly socket: Socket;
  /** Hears what comes; the bytes are a view that is good until it returns. */
  onBytes: (bytes: Buffer) => void = () => {};

  constructor(path: string) {
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    this.socket = createConnection({
      path,
      onread: {
        buffer,
        callback: (count) => {
          this.onBytes(buffer.subarray(0, count));
          return true;
        },
      },
    });
  }
}
