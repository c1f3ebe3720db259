import type { Kysely } from 'kysely';
import type { ExitInfo } from '../types';
import type { EventColumns, Tables } from './schema';

export interface EventFilter {
  box?: string | undefined;
  types?: readonly string[] | undefined;
}

/** What happened to the boxes of a home, in order. Changes of a box's row write theirs by themselves. */
export class EventTable {
  readonly #queries: Kysely<Tables>;

  constructor(queries: Kysely<Tables>) {
    this.#queries = queries;
  }

  /** For what no row tells of; `detail` is what the type brings. */
  async add(box: string, type: string, detail: object): Promise<void> {
    const values = { at: Date.now(), box, type, detail: JSON.stringify(detail) };
    await this.#queries
      .insertInto('events')
      .values(values as EventColumns)
      .execute();
  }

  /** Oldest first, a page at most. */
  async after(seq: number, { box, types }: EventFilter, most = 100): Promise<EventColumns[]> {
    let query = this.#queries.selectFrom('events').selectAll().where('seq', '>', seq).orderBy('seq').limit(most);
    if (box !== undefined) query = query.where('box', '=', box);
    if (types !== undefined) query = query.where('type', 'in', types);
    return query.execute();
  }

  /** The number of the newest one; 0 where there was none yet. */
  async last(): Promise<number> {
    const { last } = await this.#queries
      .selectFrom('events')
      .select((column) => column.fn.max('seq').as('last'))
      .executeTakeFirstOrThrow();
    return last ?? 0;
  }

  /** How the last run of a box ended, as long as that is kept: also when its row is gone. */
  async lastExit(box: string): Promise<ExitInfo | null> {
    const row = await this.#queries
      .selectFrom('events')
      .select('detail')
      .where('box', '=', box)
      .where('type', '=', 'exited')
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!row?.detail) return null;
    const { exit } = JSON.parse(row.detail) as { exit: ExitInfo };
    return { ...exit, at: new Date(exit.at) };
  }
}
