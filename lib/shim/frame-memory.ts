const pieceBytes = 128 * 1024;
// As much as waits to be sent at once.
const mostPieces = 4;

/** Memory for frames that are sent, used again once they are: what is sent in bulk leaves no garbage. */
export class FrameMemory {
  readonly #spare: Buffer[] = [];
  #waiting: (() => void)[] = [];
  #takenBytes = 0;

  take(bytes: number): Buffer {
    this.#takenBytes += bytes;
    if (!isLarge(bytes)) return Buffer.allocUnsafe(bytes);
    return (this.#spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)).subarray(0, bytes);
  }

  /** Nobody looks at the frame any more. */
  give(frame: Buffer): void {
    this.#takenBytes -= frame.length;
    if (isLarge(frame.length) && this.#spare.length < mostPieces) this.#spare.push(Buffer.from(frame.buffer));
    if (this.#isFull) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves once there is room for another piece; nothing where there is. */
  room(): Promise<void> | undefined {
    if (!this.#isFull) return;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  get #isFull(): boolean {
    return this.#takenBytes > (mostPieces - 1) * pieceBytes;
  }
}

function isLarge(bytes: number): boolean {
  return bytes >= pieceBytes / 2 && bytes <= pieceBytes;
}
