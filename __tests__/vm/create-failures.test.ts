import { execFileSync } from 'node:child_process';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { createSteps } from '../../lib/boxes/create';
import { type BoxOptions, Runtime } from '../../lib/index';
import { tempHome } from '../helpers/homes';
import { busyboxImage } from '../helpers/images';
import { findLeftovers } from '../helpers/leftovers';
import { createdBox, engine, homeOf, tempRuntime } from '../helpers/runtimes';

describe(`createBox on ${engine}`, () => {
  const runtime = tempRuntime();
  const image = { layout: busyboxImage() };

  afterEach(async () => {
    expect(findLeftovers(homeOf(runtime)).filter((trace) => !trace.includes('boxlite.db'))).toEqual([]);
    expect(await rowsOf(runtime)).toEqual([]);
  });

  test.each<[string, string, Partial<BoxOptions>]>([
    ['image-not-found', 'a layout that is not there', { image: { layout: '/no/such/layout' } }],
    ['image-not-found', 'an archive that is not there', { image: { archive: '/no/such.tar' } }],
    ['image-invalid', 'a directory that is no layout', { image: { layout: '/etc' } }],
    ['limit', 'more memory than the host has', { memoryMiB: Math.ceil(totalmem() / 1024 / 1024) + 1024 }],
    ['boot-timeout', 'a boot time that is too short', { bootTimeoutMs: 50 }],
  ])('rejects with %s for %s, and leaves nothing', async (code, _, options) => {
    const error = await runtime.createBox({ image, ...options }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/\w/) });
  });

  test('rejects with boot-failed and the console for a corrupt image disk', async () => {
    const home = tempHome();
    const own = tempRuntime({ home });
    const first = await createdBox(own);
    await first.remove({ force: true });
    corrupt(home);
    const error = await own.createBox({ image }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'boot-failed', consoleTail: expect.stringContaining('/dev/vdb') });
    expect(await rowsOf(own)).toEqual([]);
  });

  test.each(createSteps.map(({ name }) => name))('aborted at the step %s leaves nothing', async (step) => {
    const controller = new AbortController();
    const { createBox } = await import('../../lib/boxes/create');
    const { Home } = await import('../../lib/boxes/home');
    const { checkBoxOptions } = await import('../../lib/options');
    const { Deadline } = await import('../../lib/util/deadline');
    const home = await Home.open({ home: homeOf(runtime), engine });
    using deadline = Deadline.of({ signal: controller.signal }, 'createBox');
    const before = (name: string) => {
      if (name === step) queueMicrotask(() => controller.abort());
    };
    await expect(createBox(home, checkBoxOptions({ image }), deadline, undefined, { before })).rejects.toMatchObject({
      code: 'aborted',
    });
    await home.close();
  });

  test('aborted while the guest boots leaves nothing', async () => {
    const controller = new AbortController();
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase === 'boot') setTimeout(() => controller.abort(), 300);
    };
    const creating = runtime.createBox({ image }, { signal: controller.signal, onProgress });
    await expect(creating).rejects.toMatchObject({ code: 'aborted' });
  });

  test('keeps every value of env out of what others can read', async () => {
    const canary = 'canary-3141592653589793';
    const box = await createdBox(runtime, { env: { SECRET: canary } });
    const running = box.spawn('exec sleep 1000', { env: { OTHER: canary } });
    expect((await box.exec('echo $SECRET')).stdout).toBe(`${canary}\n`);
    expect(searchProcesses(canary)).toEqual([]);
    expect(readableByOthers(homeOf(runtime))).toEqual([]);
    await (await running).kill('SIGKILL');
    await box.remove({ force: true });
  });
});

describe('a home', () => {
  test('that cannot be one is refused with a code and a hint', async () => {
    const file = join(tempHome(), 'file');
    writeFileSync(file, '');
    for (const home of [file, join(file, 'below')]) {
      await using runtime = new Runtime({ home, engine });
      await expect(runtime.createBox({ image: { layout: busyboxImage() } })).rejects.toMatchObject({
        code: 'not-a-directory',
        hint: expect.any(String),
      });
    }
  });
});

async function rowsOf(runtime: Runtime): Promise<unknown[]> {
  const rows = [];
  for await (const row of runtime.listBoxes()) rows.push(row);
  return rows;
}

function corrupt(home: string): void {
  const disks = join(home, 'images', 'disks');
  const disk = join(disks, readdirSync(disks).find((name) => name.endsWith('.ext4')) ?? '');
  truncateSync(disk, 0);
  truncateSync(disk, 4 * 1024 * 1024);
}

function searchProcesses(text: string): string[] {
  const script = 'grep -lsz -- "$1" /proc/[0-9]*/cmdline /proc/[0-9]*/environ | grep -v "/$$/" || true';
  const found = execFileSync('/bin/sh', ['-c', script, 'search', text.slice(0, -1).concat('[3]')], {
    encoding: 'utf8',
  });
  return found.split('\n').filter(Boolean);
}

function readableByOthers(home: string): string[] {
  const found = execFileSync('find', [home, '-type', 'f', '-perm', '/o+r', '-not', '-path', `${home}/images/*`], {
    encoding: 'utf8',
  });
  return found.split('\n').filter(Boolean);
}
