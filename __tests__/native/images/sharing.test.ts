import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Images } from '../../../lib/index';
import { newSeed, randomOf } from '../../crash/support/choose';
import { tempHome } from '../../helpers/homes';
import { closeImages, stored, tempImages } from '../../helpers/image-homes';
import { killIfThere } from '../../helpers/kill';
import { Meddler, type Seen } from '../../helpers/meddler';
import { testImage } from '../../helpers/oci';
import { type Registry, startRegistry } from '../../helpers/registry';
import { scaled } from '../../helpers/speed';
import { file, tar } from '../../helpers/tar';
import { until } from '../support';

const dist = join(__dirname, '../../../dist/index.cjs');
let registry: Registry;
let meddler: Meddler;

const layers = [1, 2, 3].map((seed) => {
  const bytes = Buffer.alloc(1 << 20);
  for (let at = 0, x = seed; at < bytes.length; at++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    bytes[at] = x >>> 16;
  }
  return tar(file(`layer${seed}`, bytes));
});
const image = testImage({ layers });

beforeAll(async () => {
  registry = await startRegistry();
  meddler = await Meddler.start(registry.host);
  await registry.push('shared', 'latest', image);
});

afterAll(async () => {
  await meddler.stop();
  await registry.stop();
});

beforeEach(() => meddler.reset());
afterEach(closeImages);

/** A program of its own that pulls; it prints the digest. */
function program(home: string): ChildProcess {
  const script = `const { Runtime } = require(process.argv[1]);
    const runtime = new Runtime({ home: process.argv[2], engine: 'qemu' });
    runtime.images.pull(process.argv[3]).then(({ digest }) => { console.log(digest); return runtime.close(); });`;
  return spawn(process.execPath, ['-e', script, dist, home, `${meddler.host}/shared`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function printed(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return text.trim();
}

test(
  'ten programs that pull one image download it once',
  async () => {
    const home = tempHome();
    const said = await Promise.all(Array.from({ length: 10 }, () => printed(program(home))));
    expect(new Set(said)).toEqual(new Set([image.manifest.digest]));
    const asked = image.blobs
      .slice(1)
      .map(({ digest }) => meddler.blobs().filter(({ path }) => path.endsWith(digest)).length);
    expect(asked).toEqual([1, 1, 1]);
  },
  scaled(120_000),
);

const seed = newSeed();

test(
  `a puller that is killed at any of 20 moments leaves nothing that the next pull or prune does not take up (seed ${seed})`,
  async () => {
    const random = randomOf(seed);
    const began = performance.now();
    await tempImages().images.pull(`${meddler.host}/shared`);
    const wholeMs = performance.now() - began;
    for (let moment = 0; moment < 20; moment++) {
      const { images, home, runtime } = tempImages();
      // Spread over the whole of a pull and a build, each at a random place in its own part.
      const afterMs = (wholeMs * (moment + random())) / 20;
      await (moment % 2 === 0 ? killedTool(home, images, afterMs) : killedProgram(home, afterMs));
      expect((await images.pull(`${meddler.host}/shared`)).digest).toBe(image.manifest.digest);
      await runtime.prune();
      for (const part of ['tmp', 'partial', 'locks', 'disks', 'blobs/sha256']) expect(stored(home, part)).toEqual([]);
    }
  },
  scaled(180_000),
);

async function killedTool(home: string, images: Images, afterMs: number): Promise<void> {
  const pulling = images.pull(`${meddler.host}/shared`).then(
    () => 'pulled',
    (error) => error.code,
  );
  await delay(afterMs);
  killTools(home);
  expect(['pulled', 'store']).toContain(await pulling);
}

async function killedProgram(home: string, afterMs: number): Promise<void> {
  const child = program(home);
  // It may be done before it is killed.
  const ended = printed(child);
  await until('the pull has begun', () => toolsOf(home).length > 0 || child.exitCode !== null, scaled(30_000));
  await delay(afterMs);
  child.kill('SIGKILL');
  await ended;
}

test(
  'a prune while a pull is under way ends before it, and takes nothing that it needs',
  async () => {
    const { images, home, runtime } = tempImages();
    const old = testImage({ layers: [tar(file('old', 'old'))] });
    await registry.push('old', 'latest', old);
    await images.pull(`${meddler.host}/old`);
    // One layer comes; the others are on their way until the prune has ended.
    const first = image.blobs[1]?.digest ?? '';
    const isHeld = ({ path }: Seen) =>
      path.includes('/blobs/') && image.blobs.slice(2).some(({ digest }) => path.endsWith(digest));
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    meddler.meddle = (seen) => (isHeld(seen) ? { until: released } : undefined);
    const pulling = images.pull(`${meddler.host}/shared`);
    await until('a layer is here', () => stored(home, 'blobs/sha256').includes(first.slice(7)), scaled(30_000));
    await until('the others are asked for', () => meddler.seen.filter(isHeld).length === 2, scaled(30_000));
    const { items } = await runtime.prune();
    expect(items).toEqual([`image ${meddler.host}/old:latest`]);
    expect(stored(home, 'disks')).toEqual([]);
    expect(stored(home, 'blobs/sha256')).toContain(first.slice(7));
    release();
    expect((await pulling).digest).toBe(image.manifest.digest);
    expect(meddler.blobs().filter(({ path }) => path.endsWith(first))).toHaveLength(1);
    // What the first had to leave goes with the next.
    await runtime.prune();
    for (const part of ['disks', 'blobs/sha256', 'partial', 'tmp']) expect(stored(home, part)).toEqual([]);
  },
  scaled(60_000),
);

test(
  'a program that is killed while it pulls takes its tool with it, and the next one goes on',
  async () => {
    const home = tempHome();
    meddler.meddle = ({ path }) => (path.includes('/blobs/') ? { stallAfter: 300_000 } : undefined);
    const child = program(home);
    await until('a layer is on its way', () => stored(home, 'partial').length > 0, scaled(30_000));
    const [tool] = toolsOf(home);
    child.kill('SIGKILL');
    await once(child, 'close');
    await until('the tool has ended', () => !toolsOf(home).includes(tool as number), scaled(10_000));
    meddler.reset();
    const { images } = tempImages(home);
    expect((await images.pull(`${meddler.host}/shared`)).digest).toBe(image.manifest.digest);
  },
  scaled(60_000),
);

/** Every boxlite-image at work in that home, by the lock on its store that it holds open. */
function toolsOf(home: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandOf(name).includes('boxlite-image'))
    .filter((pid) => openFiles(pid).some((path) => path.startsWith(`${home}/`)))
    .map(Number);
}

function killTools(home: string): void {
  for (const pid of toolsOf(home)) killIfThere(pid);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}
