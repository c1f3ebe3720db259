import { watch } from 'node:fs';
import { BoxliteError } from '../errors';
import type { CheckedEventFilter } from '../options';
import type { EventFilter } from '../store/events';
import type { EventColumns } from '../store/schema';
import type { Call, RuntimeEvent } from '../types';
import { Deadline } from '../util/deadline';
import type { Home } from './home';
import { NetworkListener } from './listen';
import { findRow, requireRow } from './resolve';

// Every change of the database is seen in its files; these are for file systems that do not tell.
const glanceMs = 1_000;
const blindGlanceMs = 50;

/** The events of a home that is being opened. Where they begin is settled now, not when the first one is asked for. */
export function eventsOf(opening: Promise<Home>, filter: CheckedEventFilter, call: Call): AsyncGenerator<RuntimeEvent> {
  const began = opening.then(async (home) => ({ home, start: await eventStart(home, filter.since) }));
  began.catch(() => {});
  return (async function* () {
    using deadline = Deadline.of(call, 'events');
    const { home, start } = await deadline.race(began);
    yield* watchEvents(home, start, filter, deadline);
  })();
}

/** Where an iteration begins: behind the cursor, else behind what has happened until now. */
async function eventStart(home: Home, since: string | undefined): Promise<number> {
  if (since === undefined) return home.store.events.last();
  const [name, seq] = since.split('-') as [string, string];
  if (name === (await home.store.getMeta('events'))) return Number(seq);
  throw new BoxliteError('invalid-argument', `The cursor '${since}' is not of this home: ${home.path}`, {
    hint: 'Leave since out to begin with what happens from now on.',
  });
}

/** Events in their order, of all programs that use the home; ends only with the deadline, which it rejects with. */
async function* watchEvents(
  home: Home,
  start: number,
  filter: CheckedEventFilter,
  deadline: Deadline,
): AsyncGenerator<RuntimeEvent> {
  const name = await home.store.getMeta('events');
  const wanted: EventFilter = { box: await boxIdOf(home, filter), types: filter.types };
  const networks = new NetworkListener(home, wanted.box, filter.types);
  const changes = new Changes(home);
  let seq = start;
  try {
    for (;;) {
      deadline.throwIfOver();
      changes.forget();
      await networks.look();
      const page = await home.store.events.after(seq, wanted);
      for (const row of page) {
        seq = row.seq;
        yield eventOf(row, `${name}-${row.seq}`);
      }
      if (page.length === 0) await deadline.race(changes.next());
    }
  } finally {
    changes.close();
    networks.close();
  }
}

/** A box that is gone has its events still, under its id. */
async function boxIdOf(home: Home, { box }: CheckedEventFilter): Promise<string | undefined> {
  if (box === undefined || box.kind === 'handle') return box?.id;
  const row = await findRow(home, box);
  if (row) return row.id;
  const [known] = await home.store.events.after(0, { box: box.text }, 1);
  return known ? box.text : (await requireRow(home, box)).id;
}

function eventOf({ at, box, type, detail }: EventColumns, cursor: string): RuntimeEvent {
  const event = { cursor, at: new Date(at), box, type, ...(detail === null ? {} : JSON.parse(detail)) };
  for (const part of [event.exit, event.denied]) if (part) part.at = new Date(part.at);
  return event as RuntimeEvent;
}

/** Tells when the files of the database may have changed. A change between forget() and next() is not missed. */
class Changes {
  readonly #watcher: ReturnType<typeof watch> | undefined;
  #changed = false;
  #wake: () => void = () => {};
  #glanceMs = glanceMs;

  constructor(home: Home) {
    try {
      this.#watcher = watch(home.path, (_, name) => {
        if (name === null || name.startsWith('boxlite.db')) this.#tell();
      });
      this.#watcher.on('error', () => {
        this.#glanceMs = blindGlanceMs;
        this.#tell();
      });
    } catch {
      // Out of watches, of which a user has few: looking now and then does as well.
      this.#glanceMs = blindGlanceMs;
    }
  }

  forget(): void {
    this.#changed = false;
  }

  async next(): Promise<void> {
    if (this.#changed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#glanceMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.#watcher?.close();
    this.#tell();
  }

  #tell(): void {
    this.#changed = true;
    this.#wake();
  }
}
