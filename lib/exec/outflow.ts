import type { BoxliteError } from '../errors';
import { headerBytes, initialCredit } from '../shim/protocol';

// With its header, half of what a new channel may send.
const pieceBytes = initialCredit / 2 - headerBytes;

/** The command's stdin as it leaves: sends no more than the agent granted. */
export class Outflow {
  readonly #send: (bytes: Uint8Array, end: boolean) => void;
  #credit = initialCredit;
  #over = false;
  #failure: BoxliteError | undefined;
  #wake: (() => void) | undefined;

  constructor(send: (bytes: Uint8Array, end: boolean) => void) {
    this.#send = send;
  }

  granted(bytes: number): void {
    this.#credit += bytes;
    this.#wake?.();
  }

  /** Nobody takes more: whatever waits to be written is given up. */
  finish(failure?: BoxliteError): void {
    if (!this.#over) this.#failure = failure;
    this.#over = true;
    this.#wake?.();
  }

  /** Why it takes no more, where that is not the command's end. */
  get failure(): BoxliteError | undefined {
    return this.#failure;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Resolves when the bytes are sent; false when the command ended first. */
  async write(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#over) return false;
      const count = Math.min(bytes.length - at, this.#credit, pieceBytes);
      if (count === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
        continue;
      }
      this.#credit -= count;
      this.#send(bytes.subarray(at, at + count), false);
      at += count;
    }
    return !this.#over;
  }

  end(): void {
    if (!this.#over) this.#send(new Uint8Array(0), true);
  }
}
