import { initialCredit, malformed } from '../shim/protocol';

// A stream that is read in bulk gets a larger window, once: credit takes a while to reach its sender.
const bulkWindow = 2 * 1024 * 1024;

/** Sees what comes, and takes nothing. */
export interface InflowObserver {
  chunk(bytes: Buffer): void;
  end(): void;
}

/** One output stream of a command as it arrives: holds at most what was granted, and grants more only as it is taken. */
export class Inflow {
  readonly #grant: (bytes: number) => void;
  readonly #chunks: Buffer[] = [];
  #window: number = initialCredit;
  #allowed = initialCredit;
  #heldBytes = 0;
  // Bytes at the front of what is held that are accounted for before they are taken.
  #accountedHeld = 0;
  #aheadLimit = 0;
  #observer: InflowObserver | undefined;
  #owed = 0;
  #takenBytes = 0;
  #ended = false;
  #discarding = false;
  #drain: ((bytes: Buffer) => void) | undefined;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(grant: (bytes: number) => void) {
    this.#grant = grant;
  }

  push(bytes: Buffer, end: boolean): void {
    if (this.#ended) throw malformed('data after the END of its channel');
    if (bytes.length > this.#allowed) throw malformed('more data than was granted');
    this.#allowed -= bytes.length;
    this.#ended = end;
    if (this.#discarding) this.#account(bytes.length);
    else if (bytes.length > 0) this.#accept(bytes);
    this.#wake?.();
    if (end) this.#observer?.end();
  }

  /** Nothing more will come: `failure` reaches the reader after what is held. */
  finish(failure?: Error): void {
    if (!this.#ended && failure) this.#failure = failure;
    this.#ended = true;
    this.#wake?.();
    this.#observer?.end();
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** What has come and nobody has taken. */
  held(): readonly Buffer[] {
    return this.#chunks;
  }

  observe(observer: InflowObserver): void {
    this.#observer = observer;
  }

  /** Lets more come than what is taken, as long as no more than `limit` is held; 0 is the end of that. */
  lookAhead(limit: number): void {
    this.#aheadLimit = limit;
    this.#accountAhead();
  }

  /** The next bytes, or null at the end. One reader at a time. */
  async take(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        this.#release(chunk.length);
        return chunk;
      }
      if (this.#failure) throw this.#failure;
      if (this.#ended) return null;
      await this.#news();
    }
  }

  /**
   * Gives `sink` all that is held and all that comes, as it comes; resolves at the end. It sees views: what it keeps it
   * copies, so that what nobody keeps costs no memory. What it throws is thrown here.
   */
  async drain(sink: (bytes: Buffer) => void): Promise<void> {
    let failure: { error: unknown } | undefined;
    const take = (bytes: Buffer) => {
      try {
        if (!failure) sink(bytes);
      } catch (error) {
        failure = { error };
        this.#wake?.();
      }
    };
    this.#drain = take;
    for (const chunk of this.#chunks.splice(0)) {
      this.#release(chunk.length);
      take(chunk);
    }
    while (!this.#ended && !failure) await this.#news();
    if (failure) throw failure.error;
    if (this.#failure) throw this.#failure;
  }

  /** Nobody will read: what is held and what still comes is thrown away, and its writer is not held back. */
  discard(): void {
    this.#discarding = true;
    for (const chunk of this.#chunks.splice(0)) this.#release(chunk.length);
    this.#wake?.();
  }

  async #news(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #accept(bytes: Buffer): void {
    const drain = this.#drain;
    if (!drain) return this.#hold(Buffer.from(bytes));
    if (this.#observer) this.#observer.chunk(Buffer.from(bytes));
    this.#account(bytes.length);
    drain(bytes);
  }

  #hold(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    this.#observer?.chunk(chunk);
    this.#accountAhead();
  }

  #release(bytes: number): void {
    const accounted = Math.min(bytes, this.#accountedHeld);
    this.#accountedHeld -= accounted;
    this.#heldBytes -= bytes;
    this.#account(bytes - accounted);
    this.#accountAhead();
  }

  #accountAhead(): void {
    const bytes = Math.min(this.#heldBytes, this.#aheadLimit) - this.#accountedHeld;
    if (bytes <= 0) return;
    this.#accountedHeld += bytes;
    this.#account(bytes);
  }

  #account(bytes: number): void {
    this.#owed += bytes;
    this.#takenBytes += bytes;
    // In pieces, so that small reads do not each cost a frame.
    if (this.#ended || this.#owed < this.#window / 4) return;
    const credit = this.#owed + this.#widen();
    this.#owed = 0;
    this.#allowed += credit;
    this.#grant(credit);
  }

  #widen(): number {
    if (this.#window === bulkWindow || this.#takenBytes < initialCredit) return 0;
    const more = bulkWindow - this.#window;
    this.#window = bulkWindow;
    return more;
  }
}
