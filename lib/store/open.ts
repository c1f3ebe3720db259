import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from 'better-sqlite3';
import { newNonce } from '../util/id';
import { type Driver, loadDriver } from './driver';
import { isBusy, noWriteAheadLog, storeFailure } from './failure';
import { migrate, versionOf } from './migrations';
import { Store } from './store';

export type { Store } from './store';

const busyTimeoutMs = 10_000;
const retryMs = 20;

/**
 * Opens the database of a home, which many processes may do at once, and makes both where they are missing.
 * Rejects with 'store', 'home-version', 'permission', 'no-space', 'not-a-directory' or 'limit'.
 */
export async function openStore(home: string): Promise<Store> {
  const driver = await loadDriver();
  const file = join(home, 'boxlite.db');
  try {
    makeHome(home);
    makeFile(file);
    // SQLite would open it for reading alone, and fail later.
    accessSync(file, constants.R_OK | constants.W_OK);
    return new Store(home, file, await connect(driver, home, file));
  } catch (error) {
    throw storeFailure('Opening', file, error);
  }
}

function makeHome(home: string): void {
  const made = mkdirSync(home, { recursive: true, mode: 0o700 });
  // A umask may have taken bits of the mode away, here and below.
  if (made !== undefined) chmodSync(home, 0o700);
}

function makeFile(file: string): void {
  if (existsSync(file)) return;
  const draft = `${file}.${newNonce()}.new`;
  try {
    makeEmpty(draft);
    giveName(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

// Never by opening the file itself: closing any descriptor of it drops all locks that SQLite has on it in this process (fcntl(2)).
function giveName(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    // No hard links here.
    if (code !== 'EPERM' && code !== 'ENOTSUP') throw error;
    if (!existsSync(file)) makeEmpty(file);
  }
}

function makeEmpty(file: string): void {
  closeSync(openSync(file, 'wx', 0o600));
  chmodSync(file, 0o600);
}

/** SQLite's own waiting does not cover a change of the journal mode, nor the moment in which another process closes the file as the last. */
async function connect(driver: Driver, home: string, file: string): Promise<Database> {
  const giveUpAt = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return openDatabase(driver, home, file);
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error;
    }
    await delay(retryMs);
  }
}

function openDatabase(driver: Driver, home: string, file: string): Database {
  const database = new driver(file, { fileMustExist: true, timeout: busyTimeoutMs });
  try {
    // Before anything is written: a newer home stays as it is.
    versionOf(database, home);
    const mode = database.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') throw noWriteAheadLog(file, mode);
    // What was said to be stored survives a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    migrate(database, home);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
