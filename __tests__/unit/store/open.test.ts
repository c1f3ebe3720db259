import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { schemaVersion } from '../../../lib/store/migrations';
import { openStore } from '../../../lib/store/open';
import { collected, failureOf, freshHome, newBox, openedStore, tempDirectory } from './stage';

const modeOf = (path: string) => statSync(path).mode & 0o7777;

test.each([0o000, 0o022, 0o777])('home and database are this user’s alone, under umask %o too', async (umask) => {
  const home = freshHome();
  const before = process.umask(umask);
  try {
    const store = await openedStore(home);
    await store.boxes.insert(newBox('k1'));
  } finally {
    process.umask(before);
  }
  expect(modeOf(home)).toBe(0o700);
  for (const name of ['boxlite.db', 'boxlite.db-wal', 'boxlite.db-shm'])
    expect([name, modeOf(join(home, name))]).toEqual([name, 0o600]);
});

test('a home that exists keeps its mode, and nothing but the database comes into it', async () => {
  const home = freshHome();
  mkdirSync(home);
  chmodSync(home, 0o750);
  const store = await openedStore(home);
  await store.close();
  expect(modeOf(home)).toBe(0o750);
  expect(readdirSync(home)).toEqual(['boxlite.db']);
});

test('meta values are kept, replaced and removed', async () => {
  const home = freshHome();
  const store = await openedStore(home);
  expect(await store.getMeta('kvm')).toBeNull();
  await store.setMeta('kvm', 'a');
  await store.setMeta('kvm', 'b');
  await store.close();
  const again = await openedStore(home);
  expect(await again.getMeta('kvm')).toBe('b');
  await again.removeMeta('kvm');
  expect(await again.getMeta('kvm')).toBeNull();
});

test('two stores of one process see each other', async () => {
  const home = freshHome();
  const [one, other] = [await openedStore(home), await openedStore(home)];
  await one.boxes.insert(newBox('k1'));
  expect(await other.boxes.get('k1')).not.toBeNull();
  await one.close();
  expect(await other.boxes.move('k1', 'creating', 'running')).toBe(true);
});

test('opening waits for a process that is just making the same home', async () => {
  await openedStore();
  const home = freshHome();
  mkdirSync(home);
  // Against a writer of a file that has no write-ahead log yet, SQLite itself does not wait.
  const other = new Database(join(home, 'boxlite.db'));
  other.exec('BEGIN IMMEDIATE');
  const opening = openStore(home);
  opening.catch(() => {});
  // The driver is loaded, so the first attempt is over by the next turn of the event loop.
  await new Promise(setImmediate);
  other.exec('COMMIT');
  other.close();
  const store = await opening;
  expect(await store.getMeta('x')).toBeNull();
  await store.close();
});

test('after close every call says so, and closing again is fine', async () => {
  const store = await openedStore();
  const listing = store.boxes.list();
  await store.close();
  await store.close();
  expect(await failureOf(store.boxes.get('k1'))).toMatchObject({ code: 'runtime-closed' });
  expect(await failureOf(store.getMeta('x'))).toMatchObject({ code: 'runtime-closed' });
  expect(await failureOf(listing.next())).toMatchObject({ code: 'runtime-closed' });
});

test('a row of a damaged home is said by its id', async () => {
  const home = freshHome();
  const store = await openedStore(home);
  await store.boxes.insert(newBox('k1'));
  await store.boxes.insert(newBox('k2'));
  const database = new Database(store.file);
  database.exec("UPDATE boxes SET labels = '{' WHERE id = 'k1'");
  database.close();
  const failure = await failureOf(store.boxes.get('k1'));
  expect(failure).toMatchObject({ code: 'store' });
  expect(failure.message).toContain('the box k1');
  expect(await store.boxes.get('k2')).not.toBeNull();
});

test('S4: columns of an older layout, such as a path of a socket, are not looked at', async () => {
  const home = freshHome();
  const store = await openedStore(home);
  const database = new Database(store.file);
  database.exec("ALTER TABLE boxes ADD COLUMN socket_path TEXT DEFAULT '/old/box.sock'");
  database.close();
  await store.boxes.insert(newBox('k1'));
  expect(await store.boxes.get('k1')).toEqual({ ...newBox('k1'), generation: 0 });
});

describe('what cannot be opened is left as it is', () => {
  /** Opens a home whose database file holds that; returns the failure once the file is seen unchanged. */
  async function refused(content: Buffer) {
    const home = freshHome();
    mkdirSync(home);
    writeFileSync(join(home, 'boxlite.db'), content);
    const failure = await failureOf(openStore(home));
    expect(readFileSync(join(home, 'boxlite.db')).equals(content)).toBe(true);
    expect(readdirSync(home).filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(failure.hint).toBeTruthy();
    return failure;
  }

  async function goodFile(): Promise<string> {
    const store = await openedStore();
    for (let index = 0; index < 50; index++) await store.boxes.insert(newBox(`k${index}`));
    await store.close();
    return store.file;
  }

  test('a database of a newer version, with both numbers', async () => {
    const file = await goodFile();
    const database = new Database(file);
    database.pragma('user_version = 99');
    database.close();
    const failure = await refused(readFileSync(file));
    expect(failure.code).toBe('home-version');
    expect(failure.message).toMatch(/^The home .* has schema 99, and this library knows schemas up to \d+$/);
    expect(failure.message.endsWith(`${schemaVersion}`)).toBe(true);
  });

  test('a file that is no database', async () => {
    const failure = await refused(Buffer.from('hello '.repeat(2000)));
    expect(failure.code).toBe('store');
    expect(failure.message).toContain('it is damaged, or no database');
  });

  test('a database that was cut off', async () => {
    const file = await goodFile();
    truncateSync(file, 5000);
    expect(await refused(readFileSync(file))).toMatchObject({ code: 'store' });
  });

  test('a database of something else', async () => {
    const file = join(tempDirectory(), 'other.db');
    const database = new Database(file);
    database.pragma('journal_mode = WAL');
    database.exec('CREATE TABLE boxes (x)');
    database.close();
    expect(await refused(readFileSync(file))).toMatchObject({ code: 'store' });
  });
});

test('pages that were overwritten are found when they are read, and said', async () => {
  const store = await openedStore();
  for (let index = 0; index < 200; index++) await store.boxes.insert(newBox(`k${index}`));
  await store.close();
  const content = readFileSync(store.file);
  writeFileSync(store.file, content.fill(0xa5, 12 * 4096, content.length));
  const again = await openedStore(store.home);
  const failure = await failureOf(collected(again.boxes.list()));
  expect(failure).toMatchObject({ code: 'store' });
  expect(failure.message).toContain('it is damaged, or no database');
});

describe('a home that is no directory', () => {
  test.each<[string, (path: string) => void]>([
    ['a file', (path) => writeFileSync(path, 'x')],
    ['a link to nothing', (path) => symlinkSync('nowhere', path)],
  ])('%s', async (_, make) => {
    const home = freshHome();
    make(home);
    expect(await failureOf(openStore(home))).toMatchObject({
      code: expect.stringMatching(/^(not-a-directory|store)$/),
    });
  });

  test('a path below a file', async () => {
    const file = join(tempDirectory(), 'file');
    writeFileSync(file, 'x');
    expect(await failureOf(openStore(join(file, 'home')))).toMatchObject({ code: 'not-a-directory' });
    expect(readFileSync(file, 'utf8')).toBe('x');
  });

  test('a database that is a directory', async () => {
    const home = freshHome();
    mkdirSync(join(home, 'boxlite.db'), { recursive: true });
    const failure = await failureOf(openStore(home));
    expect(failure).toMatchObject({ code: 'store' });
    expect(existsSync(join(home, 'boxlite.db'))).toBe(true);
  });
});
