import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Runtime } from '../../lib/index';
import { tempHome } from '../helpers/homes';
import { busyboxImage } from '../helpers/images';
import { canMount, onTmpfs } from '../helpers/mounts';

const isRoot = process.geteuid?.() === 0;
const image = () => ({ layout: busyboxImage() });

describe('createBox on a host that fails', () => {
  (canMount ? describe : describe.skip)('with a file system of its own (needs root to mount)', () => {
    test.each([
      [1, 'the image does not fit'],
      [4, 'the disk of the box does not fit'],
    ])('of %d MiB, so that %s, says no-space and leaves nothing half-made', async (mib) => {
      await onTmpfs(`size=${mib}m`, async (home) => {
        await using runtime = new Runtime({ home, engine: 'qemu' });
        const error = await runtime.createBox({ image: image() }).catch((e: unknown) => e);
        expect(error).toMatchObject({ code: 'no-space', hint: expect.stringMatching(/\w/) });
        for (const part of ['boxes', 'trash', 'images/tmp']) expect(entries(join(home, part))).toEqual([]);
        expect(await count(runtime)).toBe(0);
      });
    });

    test('that is read-only says permission', async () => {
      await onTmpfs('ro', async (home) => {
        await using runtime = new Runtime({ home, engine: 'qemu' });
        await expect(runtime.createBox({ image: image() })).rejects.toMatchObject({
          code: 'permission',
          hint: expect.stringMatching(/\w/),
        });
      });
    });
  });

  test('with no file descriptors left says limit, and is well again with some', async () => {
    const home = tempHome();
    const layout = busyboxImage();
    const script = `
      const { openSync, closeSync } = require('node:fs');
      const { Runtime } = require(${JSON.stringify(join(__dirname, '../../dist/index.cjs'))});
      (async () => {
        const runtime = new Runtime({ home: ${JSON.stringify(home)}, engine: 'qemu' });
        for await (const box of runtime.listBoxes()) throw box;
        const taken = [];
        try { for (;;) taken.push(openSync('/dev/null')); } catch {}
        const error = await runtime.createBox({ image: { layout: ${JSON.stringify(layout)} } }).catch((e) => e);
        for (const fd of taken) closeSync(fd);
        let rows = 0;
        for await (const box of runtime.listBoxes()) rows++;
        console.log(error.code, Boolean(error.hint), rows);
        await runtime.close();
      })();`;
    const run = spawnSync('/bin/sh', ['-c', 'ulimit -n 64; exec "$0" -e "$1"', process.execPath, script], {
      encoding: 'utf8',
    });
    expect(run.stdout + run.stderr).toBe('limit true 0\n');
    expect(entries(join(home, 'boxes'))).toEqual([]);
  });

  test('with a home of another user says permission and touches nothing', async () => {
    if (!isRoot) return expect(await codeFor('/root/.boxlite-of-root')).toBe('permission');
    const home = tempHome();
    mkdirSync(join(home, 'closed'));
    writeFileSync(join(home, 'closed', 'file'), 'kept');
    chmodSync(join(home, 'closed'), 0o700);
    chmodSync(home, 0o755);
    const script = `const { Runtime } = require(${JSON.stringify(join(__dirname, '../../dist/index.cjs'))});
      process.setgid(65534); process.setuid(65534);
      new Runtime({ home: ${JSON.stringify(join(home, 'closed'))} }).createBox({ image: { layout: '/x' } }).catch((e) => console.log(e.code));`;
    expect(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout).toBe('permission\n');
    expect(entries(join(home, 'closed'))).toEqual(['file']);
  });
});

async function codeFor(home: string): Promise<unknown> {
  await using runtime = new Runtime({ home });
  return runtime.createBox({ image: image() }).catch((error: { code: unknown }) => error.code);
}

async function count(runtime: Runtime): Promise<number> {
  let rows = 0;
  for await (const _ of runtime.listBoxes()) rows++;
  return rows;
}

function entries(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}
