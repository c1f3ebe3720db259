import type Database from 'better-sqlite3';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { BoxliteError } from '../errors';
import { driverFailure, storeFailure } from './failure';

export type Driver = typeof Database;

/** Loads better-sqlite3 and its native part: not before a home is opened. */
export async function loadDriver(): Promise<Driver> {
  try {
    const { default: driver } = await import('better-sqlite3');
    // The native part is loaded by the first database alone.
    new driver(':memory:').close();
    return driver;
  } catch (error) {
    throw driverFailure(error);
  }
}

/** The database as kysely sees it: every failure of a query is one of this library. */
export function guarded(database: Database.Database, file: string): SqliteDatabase {
  const attempt = <T>(work: () => T): T => {
    if (!database.open) throw closed(file);
    try {
      return work();
    } catch (error) {
      throw storeFailure('Using', file, error);
    }
  };
  return {
    close: () => database.close(),
    prepare: (sql): SqliteStatement => {
      const statement = attempt(() => database.prepare<unknown[]>(sql));
      return {
        reader: statement.reader,
        all: (parameters) => attempt(() => statement.all(...parameters)),
        run: (parameters) => attempt(() => statement.run(...parameters)),
        iterate: (parameters) => attempt(() => statement.iterate(...parameters)),
      };
    },
  };
}

function closed(file: string): BoxliteError {
  return new BoxliteError('runtime-closed', `Using ${file} failed: it was closed`, { hint: 'Make a new Runtime.' });
}
