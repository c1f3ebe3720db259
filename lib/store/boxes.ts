import { type Kysely, sql } from 'kysely';
import type { BoxState } from '../types';
import { nameTaken, storeFailure } from './failure';
import {
  type BoxColumns,
  type BoxPatch,
  type BoxRow,
  fromColumns,
  type ListedBox,
  listedColumns,
  type NewBoxRow,
  type Tables,
  toColumns,
} from './schema';

export interface BoxFilter {
  /** Every one of them, with exactly that value. */
  labels?: Record<string, string>;
  state?: BoxState;
}

/** The run or the moment that a change is meant for: it does not happen when there is another by now. */
export interface Expected {
  nonce?: string;
  generation?: number;
}

const pageSize = 500;

/** The boxes of a home. Each change is one statement, so of many processes that try the same, one succeeds. */
export class BoxTable {
  readonly #queries: Kysely<Tables>;
  readonly #file: string;

  constructor(queries: Kysely<Tables>, file: string) {
    this.#queries = queries;
    this.#file = file;
  }

  /** Rejects with 'box-exists' when the name is taken. */
  async insert(row: NewBoxRow): Promise<void> {
    const columns = { ...(toColumns(row) as BoxColumns), generation: 0 };
    const insert = this.#queries.insertInto('boxes').values(columns);
    const { numInsertedOrUpdatedRows } = await insert
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 0n) throw nameTaken(row.name, await this.#idOf(row.name));
  }

  async get(id: string): Promise<BoxRow | null> {
    const columns = await this.#queries.selectFrom('boxes').selectAll().where('id', '=', id).executeTakeFirst();
    return columns === undefined ? null : this.#row(columns);
  }

  /** By id, else by name. */
  async find(ref: string): Promise<BoxRow | null> {
    const select = this.#queries.selectFrom('boxes').selectAll();
    const found = await select.where((is) => is.or([is('id', '=', ref), is('name', '=', ref)])).execute();
    const columns = found.find(({ id }) => id === ref) ?? found[0];
    return columns === undefined ? null : this.#row(columns);
  }

  async named(name: string): Promise<BoxRow | null> {
    const columns = await this.#queries.selectFrom('boxes').selectAll().where('name', '=', name).executeTakeFirst();
    return columns === undefined ? null : this.#row(columns);
  }

  async nameOf(id: string): Promise<string | null> {
    const row = await this.#queries.selectFrom('boxes').select('name').where('id', '=', id).executeTakeFirst();
    return row?.name ?? null;
  }

  /** Oldest first. Boxes that come and go meanwhile may be missed; no box comes twice. */
  async *list(filter: BoxFilter = {}): AsyncGenerator<ListedBox> {
    const wanted = Object.entries(filter.labels ?? {});
    let last: BoxColumns | undefined;
    do {
      const page = await this.#page(filter.state, last);
      for (const columns of page) {
        const row = this.#row(columns);
        if (wanted.every(([key, value]) => Object.hasOwn(row.labels, key) && row.labels[key] === value)) yield row;
      }
      last = page.length < pageSize ? undefined : page.at(-1);
    } while (last);
  }

  /** Those on their way somewhere, and those that are to be removed once they have ended: what recovery looks at. */
  async unsettled(): Promise<BoxRow[]> {
    const select = this.#queries.selectFrom('boxes').selectAll();
    const found = await select
      .where((is) =>
        is.or([
          is('state', 'in', ['creating', 'running', 'stopping', 'removing'] as BoxState[]),
          is('auto_remove', '=', 1),
          is('preparing', '=', 1),
        ]),
      )
      .execute();
    return found.map((columns) => this.#row(columns));
  }

  /** Those that run without a program of their own. */
  async detached(): Promise<BoxRow[]> {
    const select = this.#queries.selectFrom('boxes').selectAll();
    const found = await select.where('state', '=', 'running').where('detached', '=', 1).execute();
    return found.map((columns) => this.#row(columns));
  }

  /** The ids alone, of all or of those in these states. */
  async ids(states?: readonly BoxState[]): Promise<string[]> {
    // As one text, which costs a tenth of a row for each; no id has a comma.
    let query = this.#queries.selectFrom('boxes').select(sql<string | null>`group_concat(id)`.as('ids'));
    if (states) query = query.where('state', 'in', states);
    const { ids } = await query.executeTakeFirstOrThrow();
    return ids === null ? [] : ids.split(',');
  }

  /** Compare-and-set: true when the box was in one of the states `from`, and is now in `to` with the patch applied. */
  async move(
    id: string,
    from: BoxState | readonly BoxState[],
    to: BoxState,
    patch: BoxPatch = {},
    expected: Expected = {},
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.#update(id, expected)
      .set((column) => ({ ...toColumns(patch), state: to, generation: column('generation', '+', 1) }))
      .where('state', 'in', [from].flat())
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** False when there is no such box, or not the expected one. The state and its generation stay. */
  async patch(id: string, patch: BoxPatch, expected: Expected = {}): Promise<boolean> {
    const { numUpdatedRows } = await this.#update(id, expected)
      .set({ ...toColumns(patch), id })
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** False when there was no such box, or it was in none of the states `from`. */
  async remove(id: string, from?: readonly BoxState[]): Promise<boolean> {
    let query = this.#queries.deleteFrom('boxes').where('id', '=', id);
    if (from) query = query.where('state', 'in', from);
    const { numDeletedRows } = await query.executeTakeFirst();
    return numDeletedRows === 1n;
  }

  #update(id: string, { nonce, generation }: Expected) {
    let query = this.#queries.updateTable('boxes').where('id', '=', id);
    if (nonce !== undefined) query = query.where('nonce', '=', nonce);
    if (generation !== undefined) query = query.where('generation', '=', generation);
    return query;
  }

  #page(state: BoxState | undefined, after: BoxColumns | undefined): Promise<BoxColumns[]> {
    let query = this.#queries
      .selectFrom('boxes')
      .select(listedColumns)
      .orderBy('created_at')
      .orderBy('id')
      .limit(pageSize);
    if (state !== undefined) query = query.where('state', '=', state);
    if (after) {
      const { created_at, id } = after;
      query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('created_at', 'id'), '>', tuple(created_at, id)));
    }
    return query.execute() as Promise<BoxColumns[]>;
  }

  async #idOf(name: string): Promise<string | undefined> {
    const row = await this.#queries.selectFrom('boxes').select('id').where('name', '=', name).executeTakeFirst();
    return row?.id;
  }

  #row(columns: BoxColumns): BoxRow {
    try {
      return fromColumns(columns);
    } catch (error) {
      throw storeFailure(`Reading the box ${columns.id} in`, this.#file, error);
    }
  }
}
