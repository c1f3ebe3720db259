import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Home } from '../../../lib/boxes/home';
import { imageHome } from '../../../lib/boxes/home-images';
import { pruneImages } from '../../../lib/images/prune';
import { Deadline } from '../../../lib/util/deadline';
import { tempHome } from '../../helpers/homes';
import { closeImages, stored, tempImages } from '../../helpers/image-homes';
import { Meddler } from '../../helpers/meddler';
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

test(
  'a puller that is killed at any of 20 moments leaves nothing that the next pull or prune does not take up',
  async () => {
    const began = performance.now();
    await tempImages().images.pull(`${meddler.host}/shared`);
    const wholeMs = performance.now() - began;
    for (let moment = 0; moment < 20; moment++) {
      const { images, home } = tempImages();
      const pulling = images.pull(`${meddler.host}/shared`).then(
        () => 'pulled',
        (error) => error.code,
      );
      // Spread over the whole of a pull and a build, each at a random place in its own part.
      await delay((wholeMs * (moment + Math.random())) / 20);
      killTools(home);
      expect(['pulled', 'store']).toContain(await pulling);
      expect((await images.pull(`${meddler.host}/shared`)).digest).toBe(image.manifest.digest);
      await pruned(home);
      for (const part of ['tmp', 'partial', 'locks', 'disks', 'blobs/sha256']) expect(stored(home, part)).toEqual([]);
    }
  },
  scaled(180_000),
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
  for (const pid of toolsOf(home)) process.kill(pid, 'SIGKILL');
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

async function pruned(home: string): Promise<void> {
  const opened = await Home.open({ home, engine: 'qemu' });
  try {
    using deadline = Deadline.alone(30_000, 'prune');
    await pruneImages(imageHome(opened), { dryRun: false }, deadline);
  } finally {
    await opened.close();
  }
}
