import type { Database } from 'better-sqlite3';
import { eventsSchema } from './events-schema';
import { newerHome } from './failure';

// Each brings the schema from its index to the next number; one that was released never changes.
const migrations: readonly string[] = [
  `
  CREATE TABLE boxes (
    id                TEXT PRIMARY KEY,
    name              TEXT NOT NULL UNIQUE,
    state             TEXT NOT NULL,
    engine            TEXT NOT NULL,
    image_ref         TEXT NOT NULL,
    image_digest      TEXT NOT NULL,
    image_config      TEXT NOT NULL,
    labels            TEXT NOT NULL,
    options           TEXT NOT NULL,
    nonce             TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    started_at        INTEGER,
    exit              TEXT,
    boot              TEXT,
    shim_pid          INTEGER,
    shim_start_ticks  TEXT,
    shim_boot_id      TEXT,
    detached          INTEGER NOT NULL,
    owner_pid         INTEGER,
    owner_start_ticks TEXT,
    owner_boot_id     TEXT,
    generation        INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX boxes_by_age ON boxes (created_at, id);
  CREATE INDEX boxes_by_state ON boxes (state, created_at, id);
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE boxes ADD COLUMN auto_remove INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE boxes ADD COLUMN preparing INTEGER NOT NULL DEFAULT 0;
  ${eventsSchema}
  `,
  `
  CREATE TABLE images (
    digest     TEXT PRIMARY KEY,
    platform   TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    disk_bytes INTEGER NOT NULL,
    config     TEXT NOT NULL,
    used_at    INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE image_refs (
    ref       TEXT PRIMARY KEY,
    digest    TEXT NOT NULL REFERENCES images (digest) ON DELETE CASCADE,
    target    TEXT NOT NULL,
    pulled_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX image_refs_by_digest ON image_refs (digest);
  `,
  `ALTER TABLE boxes ADD COLUMN ports TEXT NOT NULL DEFAULT '[]';`,
];

export const schemaVersion = migrations.length;

/** Brings the schema up to date: all of what is missing, or nothing. Safe to run at once from many processes. */
export function migrate(database: Database, home: string): void {
  if (versionOf(database, home) === schemaVersion) return;
  // The write lock comes first, so that whoever waited for it sees what the one before has done.
  const run = database.transaction(() => {
    for (const migration of migrations.slice(versionOf(database, home))) database.exec(migration);
    database.pragma(`user_version = ${schemaVersion}`);
  });
  run.immediate();
}

/** The schema of the file; 'home-version' where it is newer than this library. */
export function versionOf(database: Database, home: string): number {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > schemaVersion) throw newerHome(home, version, schemaVersion);
  return version;
}
