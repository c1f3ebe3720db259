import type { Deadline } from '../util/deadline';
import type { Inflow } from './inflow';
import { LogHistory } from './log-history';

/** Looks for lines in both streams of a process, and leaves every byte to later readers. */
export class LogWatch {
  readonly #inflows: readonly Inflow[];
  readonly #histories: readonly LogHistory[];
  #watching = 0;

  constructor(inflows: readonly Inflow[]) {
    this.#inflows = inflows;
    this.#histories = inflows.map((inflow) => new LogHistory(inflow));
  }

  /** The first line that matches since the last one found, or null when both streams ended without it. */
  async find(match: string | RegExp, limit: number, deadline: Deadline): Promise<string | null> {
    const matches = matcher(match);
    const searches = this.#histories.map((history) => history.search());
    this.#lookAhead(1, limit);
    try {
      for (;;) {
        const news = nextNews(this.#histories);
        const ended = this.#histories.every((history) => history.hasEnded);
        for (const search of searches) {
          for (const { line } of search.lines()) {
            if (!matches(line)) continue;
            // The other stream stays where it is: what came there first is nobody's to say.
            search.pass();
            return line;
          }
        }
        if (ended) return null;
        await deadline.race(news.promise).finally(news.stop);
      }
    } finally {
      for (const search of searches) search[Symbol.dispose]();
      this.#lookAhead(-1, limit);
    }
  }

  #lookAhead(change: 1 | -1, limit: number): void {
    this.#watching += change;
    for (const inflow of this.#inflows) inflow.lookAhead(this.#watching > 0 ? limit : 0);
  }
}

function matcher(match: string | RegExp): (line: string) => boolean {
  if (typeof match === 'string') return (line) => line.includes(match);
  // Without the flags that make a pattern remember where it was.
  const pattern = new RegExp(match.source, match.flags.replace(/[gy]/g, ''));
  return (line) => pattern.test(line);
}

function nextNews(histories: readonly LogHistory[]): { promise: Promise<void>; stop: () => void } {
  let stops: (() => void)[] = [];
  const promise = new Promise<void>((resolve) => {
    stops = histories.map((history) => history.onNews(resolve));
  });
  return { promise, stop: () => stops.forEach((stop) => void stop()) };
}
