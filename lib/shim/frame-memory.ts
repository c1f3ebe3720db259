const pieceBytes = 128 * 1024;
// As many as wait to be sent at once, where the shim keeps up.
const mostSpare = 4;

/** Memory for frames that are sent, used again once they are: what is sent in bulk leaves no garbage. */
export class FrameMemory {
  readonly #spare: Buffer[] = [];

  take(bytes: number): Buffer {
    if (bytes < pieceBytes / 2 || bytes > pieceBytes) return Buffer.allocUnsafe(bytes);
    return (this.#spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)).subarray(0, bytes);
  }

  /** Nobody looks at the frame any more. */
  give(frame: Buffer): void {
    if (frame.buffer.byteLength !== pieceBytes || frame.length < pieceBytes / 2) return;
    if (this.#spare.length < mostSpare) this.#spare.push(Buffer.from(frame.buffer));
  }
}
