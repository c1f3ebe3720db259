import type { Inflow } from './inflow';

/** A command's output as a web stream that pulls only when it is read, and knows whether somebody took it. */
export class OutputStream {
  readonly readable: ReadableStream<Uint8Array>;
  #pulled = false;
  #collected = false;

  constructor(inflow: Inflow) {
    this.readable = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          this.#pulled = true;
          const chunk = this.#collected ? null : await inflow.take();
          if (chunk) controller.enqueue(chunk);
          else controller.close();
        },
        cancel: () => inflow.discard(),
      },
      // Nothing is read ahead: an unread stream holds the command back.
      { highWaterMark: 0 },
    );
  }

  /** The caller reads it, or did. */
  get isTaken(): boolean {
    return this.#pulled || this.readable.locked;
  }

  /** For wait(): true when nobody had taken it, and from now on wait() has it. */
  take(): boolean {
    if (this.isTaken) return false;
    this.#collected = true;
    return true;
  }
}
