import type { Database } from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { BoxTable } from './boxes';
import { guarded } from './driver';
import { EventTable } from './events';
import { ImageTable } from './images';
import type { Tables } from './schema';

/** The open database of a home. */
export class Store {
  readonly home: string;
  readonly file: string;
  readonly boxes: BoxTable;
  readonly events: EventTable;
  readonly images: ImageTable;
  readonly #database: Database;
  readonly #queries: Kysely<Tables>;

  constructor(home: string, file: string, database: Database) {
    this.home = home;
    this.file = file;
    this.#database = database;
    this.#queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database: guarded(database, file) }) });
    this.boxes = new BoxTable(this.#queries, file);
    this.events = new EventTable(this.#queries);
    this.images = new ImageTable(this.#queries);
  }

  async getMeta(key: string): Promise<string | null> {
    const row = await this.#queries.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
    return row?.value ?? null;
  }

  async setMeta(key: string, value: string): Promise<void> {
    const insert = this.#queries.insertInto('meta').values({ key, value });
    await insert.onConflict((conflict) => conflict.column('key').doUpdateSet({ value })).execute();
  }

  async removeMeta(key: string): Promise<void> {
    await this.#queries.deleteFrom('meta').where('key', '=', key).execute();
  }

  /** Idempotent; every later call rejects with 'runtime-closed'. */
  async close(): Promise<void> {
    this.#database.close();
  }
}
