import type { BoxliteError } from '../errors';
import { headerBytes, initialCredit } from '../shim/protocol';

// With its header, half of what a new channel may send.
const pieceBytes = initialCredit / 2 - headerBytes;

/** Where it returns a promise, no more is to be sent until that resolves. */
type Send = (bytes: Uint8Array, end: boolean) => Promise<void> | undefined;

/** The command's stdin as it leaves: sends no more than the agent granted. */
export class Outflow {
  readonly #send: Send;
  #credit = initialCredit;
  #over = false;
  #failure: BoxliteError | undefined;
  #onGrant: (() => void) | undefined;
  #giveUp: (() => void) | undefined;

  constructor(send: Send) {
    this.#send = send;
  }

  granted(bytes: number): void {
    this.#credit += bytes;
    this.#onGrant?.();
  }

  /** Nobody takes more: whatever waits to be written is given up. */
  finish(failure?: BoxliteError): void {
    if (!this.#over) this.#failure = failure;
    this.#over = true;
    this.#giveUp?.();
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
      const count = Math.min(bytes.length - at, pieceBytes);
      // Once all was taken the credit is enough for a piece: what is short of one is not worth a frame.
      if (this.#credit < count) {
        await this.#wait((wake) => {
          this.#onGrant = wake;
        });
        continue;
      }
      this.#credit -= count;
      const held = this.#send(bytes.subarray(at, at + count), false);
      at += count;
      if (held) await this.#wait((wake) => void held.then(wake));
    }
    return !this.#over;
  }

  end(): void {
    if (!this.#over) this.#send(new Uint8Array(0), true);
  }

  /** For what `arm` is given to, or the end. */
  #wait(arm: (wake: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#giveUp = resolve;
      arm(resolve);
    });
  }
}
