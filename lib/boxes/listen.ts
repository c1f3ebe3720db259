import { netdSettings } from '../network/settings';
import type { CheckedEventFilter } from '../options';
import type { BoxRow } from '../store/schema';
import { Deadline } from '../util/deadline';
import type { Home } from './home';
import { BoxRun } from './run';

const networkTypes = new Set(['egress-denied', 'network-lost']);
const connectMs = 5_000;

/**
 * Keeps what the networks of detached boxes tell, of which nobody else may hear, for as long as somebody asks for events.
 * A box is connected to once in its run.
 */
export class NetworkListener {
  readonly #home: Home;
  readonly #box: string | undefined;
  readonly #isWanted: boolean;
  readonly #runs = new Map<string, BoxRun>();
  #isClosed = false;

  constructor(home: Home, box: string | undefined, types: CheckedEventFilter['types']) {
    this.#home = home;
    this.#box = box;
    this.#isWanted = types === undefined || types.some((type) => networkTypes.has(type));
  }

  /** Begins to connect to those that began since the last time: nobody waits for a box that does not answer. */
  async look(): Promise<void> {
    if (!this.#isWanted) return;
    const rows = (await this.#home.store.boxes.detached()).filter((row) => this.#isForUs(row));
    for (const [key, run] of this.#runs) {
      if (rows.some((row) => keyOf(row) === key)) continue;
      run.close();
      this.#runs.delete(key);
    }
    for (const row of rows) if (!this.#runs.has(keyOf(row))) void this.#listen(row);
  }

  close(): void {
    this.#isClosed = true;
    for (const run of this.#runs.values()) run.close();
  }

  #isForUs(row: BoxRow): boolean {
    return netdSettings(row.options) !== null && (this.#box === undefined || row.id === this.#box);
  }

  async #listen(row: BoxRow): Promise<void> {
    const run = new BoxRun(this.#home, row);
    this.#runs.set(keyOf(row), run);
    using deadline = Deadline.alone(connectMs, 'listening to the box');
    await run.link(deadline).catch((error) => this.#home.log('debug', `its network is not heard: ${error}`, row.id));
    if (this.#isClosed) run.close();
  }
}

/** Of one run of a box. */
function keyOf({ id, nonce }: BoxRow): string {
  return `${id} ${nonce}`;
}
