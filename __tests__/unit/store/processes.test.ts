import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buildPrograms, outcomeOf, program, programDirectory } from './programs';
import { collected, freshHome, newBox, openedStore, tempDirectory } from './stage';

buildPrograms();
jest.setTimeout(60_000);

const nobody = 65_534;
// Root may write everywhere: only then another user is needed.
const powerless = process.getuid?.() === 0 ? nobody : undefined;

/** Runs the bodies in a process each, all let go at the same moment. */
async function atOnce(home: string, bodies: string[]) {
  const programs = await Promise.all(bodies.map((body) => program(home, body)));
  for (const { go } of programs) go();
  return Promise.all(programs.map(({ result }) => result));
}

describe('several processes at once', () => {
  test('open a fresh home, and each stores its row', async () => {
    for (let round = 0; round < 3; round++) {
      const home = freshHome();
      const bodies = Array.from(
        { length: 8 },
        (_, index) => `
          const store = await openStore(home);
          await store.boxes.insert(${JSON.stringify(newBox(`k${index}`))});
          const { id } = await store.boxes.get('k${index}');
          await store.close();
          return id;`,
      );
      expect(await atOnce(home, bodies)).toEqual(bodies.map((_, index) => ({ value: `k${index}` })));
      const store = await openedStore(home);
      expect(await collected(store.boxes.list())).toHaveLength(8);
    }
  });

  test('open and close a home again and again, each as the last now and then', async () => {
    const home = freshHome();
    const body = (index: number) => `
      for (let round = 0; round < 40; round++) {
        const store = await openStore(home);
        await store.setMeta('k${index}', String(round));
        await store.close();
      }
      return 'done';`;
    expect(await atOnce(home, [0, 1, 2, 3].map(body))).toEqual(Array(4).fill({ value: 'done' }));
    const store = await openedStore(home);
    for (const index of [0, 1, 2, 3]) expect(await store.getMeta(`k${index}`)).toBe('39');
  });

  test('move the same boxes: each move has one winner', async () => {
    const home = freshHome();
    const store = await openedStore(home);
    const ids = Array.from({ length: 60 }, (_, index) => `k${index}`);
    for (const id of ids) await store.boxes.insert(newBox(id, { state: 'running' }));
    const body = (index: number) => `
      const store = await openStore(home);
      const won = [];
      for (const id of ${JSON.stringify(ids)}) {
        if (await store.boxes.move(id, ['running', 'creating'], 'stopping', { nonce: '${index}' })) won.push(id);
      }
      await store.close();
      return won;`;
    const results = await atOnce(home, [0, 1, 2, 3].map(body));
    const won = results.map(({ value }) => value as string[]);
    expect(won.flat().sort()).toEqual([...ids].sort());
    for (const [index, mine] of won.entries()) {
      for (const id of mine) {
        expect(await store.boxes.get(id)).toMatchObject({ state: 'stopping', nonce: String(index), generation: 1 });
      }
    }
  });

  test('take the same name: one gets it, the others are told who', async () => {
    const home = freshHome();
    const body = (index: number) => `
      const store = await openStore(home);
      try {
        await store.boxes.insert(${JSON.stringify(newBox(`k${index}`, { name: 'web' }))});
        return 'k${index}';
      } finally {
        await store.close();
      }`;
    const results = await atOnce(home, [0, 1, 2, 3].map(body));
    const holder = (await (await openedStore(home)).boxes.find('web'))?.id;
    expect(results.flatMap(({ value }) => value ?? [])).toEqual([holder]);
    expect(results.filter(({ failure }) => failure?.code === 'box-exists')).toHaveLength(3);
  });
});

test('a row that was acknowledged is there after SIGKILL of its writer', async () => {
  const home = freshHome();
  const writer = await program(
    home,
    `const store = await openStore(home); await store.boxes.insert(${JSON.stringify(newBox('k1'))}); setInterval(() => {}, 1000);`,
  );
  writer.go();
  await writer.result;
  const ended = new Promise((resolve) => writer.process.on('exit', resolve));
  writer.process.kill('SIGKILL');
  await ended;
  expect(await (await openedStore(home)).boxes.get('k1')).not.toBeNull();
});

test('a second opening in one process takes no lock from the first', async () => {
  const home = freshHome();
  const { value } = await outcomeOf(
    home,
    `
    const locks = () => {
      const inode = require('fs').statSync(home + '/boxlite.db').ino;
      return require('fs').readFileSync('/proc/locks', 'utf8').split('\\n').filter((line) => line.includes(' ' + process.pid + ' ') && line.includes(':' + inode + ' ')).length;
    };
    const first = await openStore(home);
    await first.getMeta('x');
    const before = locks();
    const second = await openStore(home);
    const during = locks();
    await second.close();
    return { before, during, after: locks() };`,
  );
  expect(value).toEqual({ before: 1, during: 1, after: 1 });
});

describe('a host that refuses', () => {
  test('a directory in which this user may not write', async () => {
    const parent = tempDirectory();
    chmodSync(parent, 0o555);
    const missing = await outcomeOf(join(parent, 'home'), 'await openStore(home);', { uid: powerless });
    expect(missing.failure).toMatchObject({ code: 'permission', hint: expect.stringContaining('BOXLITE_HOME') });
    const present = await outcomeOf(parent, 'await openStore(home);', { uid: powerless });
    expect(present.failure).toMatchObject({ code: 'permission' });
    chmodSync(parent, 0o700);
  });

  test('a database that this user may not write', async () => {
    const parent = tempDirectory();
    chmodSync(parent, 0o755);
    const home = join(parent, 'home');
    const store = await openedStore(home);
    await store.close();
    chmodSync(store.file, 0o444);
    if (powerless) chownSync(home, powerless, powerless);
    const before = readFileSync(store.file);
    const { failure } = await outcomeOf(home, 'await openStore(home);', { uid: powerless });
    expect(failure).toMatchObject({ code: 'permission', message: expect.stringContaining(store.file) });
    expect(readFileSync(store.file).equals(before)).toBe(true);
  });

  test('no file left to open: said as a limit, and fine again once there are', async () => {
    const { value } = await outcomeOf(
      freshHome(),
      `
      const { openSync, closeSync } = require('fs');
      const first = await openStore(home);
      await first.boxes.insert(${JSON.stringify(newBox('k1'))});
      await first.close();
      const held = [];
      try { for (;;) held.push(openSync('/dev/null', 'r')); } catch {}
      const { code, hint } = await openStore(home).catch((error) => error);
      for (const fd of held) closeSync(fd);
      const again = await openStore(home);
      const row = await again.boxes.get('k1');
      await again.close();
      return { code, hint, id: row.id };`,
      { wrapper: ['/bin/sh', '-c', 'ulimit -n 64; exec "$0" "$@"'] },
    );
    expect(value).toMatchObject({ code: 'limit', hint: expect.stringContaining('ulimit -n'), id: 'k1' });
  });

  test('a full disk: said as no-space, and what was stored is intact', async () => {
    const home = tempDirectory();
    const { value } = await outcomeOf(
      home,
      `
      const { writeFileSync, rmSync } = require('fs');
      const store = await openStore(home);
      await store.boxes.insert(${JSON.stringify(newBox('k0'))});
      try { writeFileSync(home + '/ballast', Buffer.alloc(8 << 20)); } catch {}
      let stored = 1;
      let failure;
      while (!failure && stored < 2000) {
        const row = ${JSON.stringify(newBox('k'))};
        row.id = row.name = 'k' + stored;
        await store.boxes.insert(row).then(() => stored++, (error) => { failure = error; });
      }
      rmSync(home + '/ballast');
      await store.setMeta('after', 'x');
      let rows = 0;
      for await (const row of store.boxes.list()) rows++;
      await store.close();
      return { code: failure?.code, hint: failure?.hint, lost: stored - rows };`,
      { wrapper: onTmpfs(home, 'size=2m') },
    );
    expect(value).toEqual({ code: 'no-space', hint: 'Free space, or choose a home on another disk.', lost: 0 });
  });

  test('a disk that is full from the start', async () => {
    const home = tempDirectory();
    const { failure } = await outcomeOf(
      home,
      "try { require('fs').writeFileSync(home + '/ballast', Buffer.alloc(8 << 20)); } catch {} await openStore(home);",
      { wrapper: onTmpfs(home, 'size=1m') },
    );
    expect(failure).toMatchObject({ code: 'no-space' });
  });

  test('a file system that is read-only', async () => {
    const home = tempDirectory();
    const { failure } = await outcomeOf(home, 'await openStore(home);', { wrapper: onTmpfs(home, 'size=1m,ro') });
    expect(failure).toMatchObject({
      code: 'permission',
      hint: 'Choose a home on a file system that is mounted read-write.',
    });
  });
});

test('a better-sqlite3 that does not load is said with its repair', async () => {
  const modules = join(programDirectory(), 'node_modules');
  const without = tempDirectory();
  rmSync(modules);
  try {
    mkdirSync(join(without, 'node_modules'));
    symlinkSync(join(process.cwd(), 'node_modules/kysely'), join(without, 'node_modules/kysely'));
    symlinkSync(join(without, 'node_modules'), modules);
    const { failure } = await outcomeOf(freshHome(), 'await openStore(home);');
    expect(failure).toMatchObject({ code: 'store', hint: expect.stringContaining('npm rebuild better-sqlite3') });
    expect(failure?.message).toMatch(/^Loading better-sqlite3 failed: /);
  } finally {
    rmSync(modules);
    symlinkSync(join(process.cwd(), 'node_modules'), modules);
  }
});

/** A mount namespace of the program's own, with a small file system at the path. */
function onTmpfs(path: string, options: string): string[] {
  const namespace =
    process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--user', '--map-root-user', '--mount'];
  return [...namespace, '/bin/sh', '-c', `mount -t tmpfs -o ${options} none "${path}" && exec "$0" "$@"`];
}
