import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Home } from '../../../lib/boxes/home';
import { imageHome } from '../../../lib/boxes/home-images';
import { type PruneOptions, pruneImages } from '../../../lib/images/prune';
import { Deadline } from '../../../lib/util/deadline';
import { closeImages, listed, stored, tempImages } from '../../helpers/image-homes';
import { canMount, onTmpfs } from '../../helpers/mounts';
import { type TestImage, testImage, writeLayout } from '../../helpers/oci';
import { type Registry, startRegistry } from '../../helpers/registry';
import { file, tar } from '../../helpers/tar';

const mib = 1 << 20;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'boxlite-local-'));
});

afterEach(async () => {
  await closeImages();
  rmSync(directory, { recursive: true, force: true });
});

const shared = tar(file('shared', noise(1, mib)));
const image = (seed: number): TestImage => testImage({ layers: [shared, tar(file(`own${seed}`, noise(seed, mib)))] });

/** Bytes that gzip makes no smaller. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, x = seed; at < length; at++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    bytes[at] = x >>> 16;
  }
  return bytes;
}

function layout(images: Record<string, TestImage>): string {
  return writeLayout(join(directory, 'layout'), images);
}

async function pruned(home: string, options: PruneOptions) {
  const opened = await Home.open({ home, engine: 'qemu' });
  try {
    using deadline = Deadline.alone(30_000, 'prune');
    return await pruneImages(imageHome(opened), options, deadline);
  } finally {
    await opened.close();
  }
}

describe('load', () => {
  test('takes every image of a layout, by its full name, else by its digest', async () => {
    const { images } = tempImages();
    const loaded = await images.load({ layout: layout({ 'quay.io/team/a:1': image(2), latest: image(3) }) });
    const digest = image(3).manifest.digest;
    expect(loaded.map(({ ref }) => ref).sort()).toEqual(['quay.io/team/a:1', digest].sort());
    expect(await listed(images)).toEqual(['quay.io/team/a:1', digest].sort());
    expect((await images.get(digest))?.digest).toBe(digest);
    expect(await images.remove(digest)).toBe(true);
    expect(await listed(images)).toEqual(['quay.io/team/a:1']);
  });

  test('takes the one image that ref names, as it is named or by its digest', async () => {
    const { images } = tempImages();
    const source = layout({ 'quay.io/team/a:1': image(2), latest: image(3) });
    expect(await images.load({ layout: source, ref: 'latest' })).toMatchObject([{ digest: image(3).manifest.digest }]);
    expect(await images.load({ layout: source, ref: 'quay.io/team/a:1' })).toMatchObject([{ ref: 'quay.io/team/a:1' }]);
    await expect(images.load({ layout: source, ref: 'absent' })).rejects.toMatchObject({
      code: 'image-not-found',
      message: expect.stringContaining('latest'),
    });
  });

  test('takes what docker save writes, under its tags', async () => {
    const archive = join(directory, 'saved.tar');
    const source = layout({ latest: image(2) });
    execFileSync('skopeo', ['copy', '-q', `oci:${source}:latest`, `docker-archive:${archive}:team/saved:7`]);
    const { images } = tempImages();
    expect((await images.load({ archive })).map(({ ref }) => ref)).toEqual(['docker.io/team/saved:7']);
    expect(await images.get('team/saved:7')).not.toBeNull();
  });

  test('refuses what is neither before anything starts', async () => {
    const { images } = tempImages();
    await expect(images.load({ rootfs: '/' } as never)).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(images.load('alpine' as never)).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(images.load({ layout: join(directory, 'absent') })).rejects.toMatchObject({ code: 'image-not-found' });
  });
});

describe('prune', () => {
  let registry: Registry;

  beforeAll(async () => {
    registry = await startRegistry();
    for (const seed of [2, 3, 4]) await registry.push('app', `${seed}`, image(seed));
  });

  afterAll(() => registry.stop());

  async function three() {
    const { images, home } = tempImages();
    for (const tag of [2, 3, 4]) await images.pull(`${registry.host}/app:${tag}`);
    return { images, home };
  }

  test('takes all that no box was made of, and a dry run only tells', async () => {
    const { images, home } = await three();
    const before = size(home);
    const told = await pruned(home, { dryRun: true });
    expect(await listed(images)).toHaveLength(3);
    expect(size(home)).toBe(before);
    const done = await pruned(home, { dryRun: false });
    expect(done).toEqual(told);
    expect(done.items).toEqual([2, 3, 4].map((tag) => `image ${registry.host}/app:${tag}`));
    // The layer that all have is counted once: three disks of two files, and four layers.
    expect(done.freedBytes).toBeGreaterThan(9.5 * mib);
    expect(done.freedBytes).toBeLessThan(12 * mib);
    expect(await listed(images)).toEqual([]);
    for (const part of ['disks', 'blobs/sha256', 'locks', 'tmp', 'partial']) expect(stored(home, part)).toEqual([]);
  });

  test('down to a size takes the images used longest ago, and leaves the layers that others have', async () => {
    const { images, home } = await three();
    const { items } = await pruned(home, { dryRun: false, maxDiskMiB: 7 });
    expect(items).toEqual([`image ${registry.host}/app:2`, `image ${registry.host}/app:3`].slice(0, items.length));
    expect(items.length).toBeGreaterThan(0);
    expect(await listed(images)).toContain(`${registry.host}/app:4`);
    expect(size(home)).toBeLessThanOrEqual(7 * mib);
    // What is left is whole: nothing is fetched, and the disk can be made of its blobs again.
    for (const name of stored(home, 'disks')) rmSync(join(home, 'images/disks', name));
    await registry.stop();
    await expect(images.pull(`${registry.host}/app@${image(4).manifest.digest}`)).resolves.toMatchObject({
      digest: image(4).manifest.digest,
    });
    registry = await startRegistry();
    for (const seed of [2, 3, 4]) await registry.push('app', `${seed}`, image(seed));
  });

  test('takes what dead processes left, and nothing that a live one works on', async () => {
    const { home } = tempImages();
    for (const part of ['tmp', 'partial', 'blobs/sha256', 'disks'])
      mkdirSync(join(home, 'images', part), { recursive: true });
    const left = [
      'tmp/dead',
      `partial/${'a'.repeat(64)}`,
      `blobs/sha256/${'b'.repeat(64)}`,
      `disks/${'c'.repeat(64)}.ext4`,
    ];
    for (const name of left)
      execFileSync('dd', ['if=/dev/zero', `of=${join(home, 'images', name)}`, 'bs=64k', 'count=1', 'status=none']);
    const alive = join(home, 'images/partial', 'd'.repeat(64));
    const holder = spawn('flock', ['-x', alive, 'sh', '-c', 'echo held; read _'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(holder.stdout, 'data');
    const { items, freedBytes } = await pruned(home, { dryRun: false });
    expect(items.sort()).toEqual(left.map((name) => `images/${name}`).sort());
    expect(freedBytes).toBe(4 * 65536);
    expect(existsSync(alive)).toBe(true);
    holder.stdin.end();
    await once(holder, 'close');
    expect((await pruned(home, { dryRun: false })).items).toEqual([`images/partial/${'d'.repeat(64)}`]);
  });
});

(canMount ? test : test.skip)(
  'a disk that is full says no-space and leaves no half-made disk (needs root to mount)',
  async () => {
    const registry = await startRegistry();
    try {
      await registry.push('app', 'latest', image(2));
      await onTmpfs('size=3m', async (home) => {
        const { images } = tempImages(home);
        await expect(images.pull(`${registry.host}/app`)).rejects.toMatchObject({
          code: 'no-space',
          hint: expect.any(String),
        });
        expect(await listed(images)).toEqual([]);
        for (const part of ['disks', 'tmp', 'partial']) expect(stored(home, part)).toEqual([]);
        await closeImages();
      });
    } finally {
      await registry.stop();
    }
  },
);

function size(home: string): number {
  const [bytes] = execFileSync('du', ['-s', '--block-size=1', join(home, 'images')], { encoding: 'utf8' }).split('\t');
  return Number(bytes) - directories(home);
}

function directories(home: string): number {
  const command = [
    '-c',
    'find "$0" -type d -exec stat -c "%b" {} + | awk \'{s+=$1*512} END {print s}\'',
    join(home, 'images'),
  ];
  return Number(execFileSync('/bin/sh', command, { encoding: 'utf8' }));
}
