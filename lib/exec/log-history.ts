import type { Inflow } from './inflow';
import { LineScanner } from './line-scanner';

// What readers took and nobody has looked for a line in yet is kept up to this.
const mostBeyondHeld = 64 * 1024;

/** What came on one stream since the last line that was found, for whoever looks for the next. It takes nothing. */
export class LogHistory {
  readonly #inflow: Inflow;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  // Where the first chunk begins in the stream.
  #base = 0;
  // Where the next search begins; searches under way may still be before it.
  #next = 0;
  readonly #onNews = new Set<() => void>();
  readonly #searches = new Set<LogSearch>();

  constructor(inflow: Inflow) {
    this.#inflow = inflow;
    // Output can come in one piece with the word that the command was started.
    for (const chunk of inflow.held()) this.#add(chunk);
    inflow.observe({
      chunk: (bytes) => this.#add(bytes),
      end: () => this.#tell(),
    });
  }

  get hasEnded(): boolean {
    return this.#inflow.hasEnded;
  }

  onNews(listener: () => void): () => void {
    this.#onNews.add(listener);
    return () => this.#onNews.delete(listener);
  }

  search(): LogSearch {
    const search = new LogSearch(this, this.#next, () => this.#searches.delete(search));
    this.#searches.add(search);
    return search;
  }

  /** A line that ends there was found. */
  found(end: number): void {
    this.#next = Math.max(this.#next, end);
    this.#drop(Math.min(this.#next, ...[...this.#searches].map(({ at }) => at)));
  }

  /** What is kept from `at` on, in pieces, each with where it ends. */
  *from(at: number): Generator<{ bytes: Buffer; end: number }> {
    let start = this.#base;
    for (const chunk of [...this.#chunks]) {
      const skip = Math.max(0, at - start);
      start += chunk.length;
      if (skip < chunk.length) yield { bytes: chunk.subarray(skip), end: start };
    }
  }

  #add(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    this.#tell();
    const most = this.#inflow.heldBytes + mostBeyondHeld;
    if (this.#bytes > most) this.#drop(this.#base + this.#bytes - most);
  }

  // Whole chunks: a view of one keeps all of it.
  #drop(until: number): void {
    for (let first = this.#chunks[0]; first && this.#base + first.length <= until; first = this.#chunks[0]) {
      this.#chunks.shift();
      this.#base += first.length;
      this.#bytes -= first.length;
    }
  }

  #tell(): void {
    for (const listener of [...this.#onNews]) listener();
  }
}

/** One search through the lines of a stream, from the last found one on. */
export class LogSearch implements Disposable {
  at: number;
  readonly #history: LogHistory;
  readonly #scanner: LineScanner;
  readonly #onDispose: () => void;

  constructor(history: LogHistory, at: number, onDispose: () => void) {
    this.at = at;
    this.#history = history;
    this.#scanner = new LineScanner(at);
    this.#onDispose = onDispose;
  }

  /** The lines that have come since the last time, each with where it ends. */
  *lines(): Generator<{ line: string; end: number }> {
    for (const { bytes, end } of this.#history.from(this.at)) {
      this.at = end;
      for (const line of this.#scanner.add(bytes, end)) yield { line, end: this.#scanner.lineStart };
    }
    const rest = this.#history.hasEnded ? this.#scanner.rest(this.at) : null;
    if (rest !== null) yield { line: rest, end: this.at };
  }

  /** All lines so far were looked at, and none of them need be again. */
  pass(): void {
    this.#history.found(this.#scanner.lineStart);
  }

  [Symbol.dispose](): void {
    this.#onDispose();
  }
}
