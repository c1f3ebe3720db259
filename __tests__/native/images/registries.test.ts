import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '../../../lib/index';
import { closeImages, tempImages } from '../../helpers/image-homes';
import { Meddler, type Seen } from '../../helpers/meddler';
import { testImage, testIndex, writeLayout } from '../../helpers/oci';
import { type Registry, startRegistry } from '../../helpers/registry';
import { scaled } from '../../helpers/speed';
import { file, tar } from '../../helpers/tar';
import { until } from '../support';

let registry: Registry;
let meddler: Meddler;

const small = testImage({ layers: [1, 2, 3, 4, 5, 6].map((at) => tar(file(`layer${at}`, `${at}`))) });
const text = tar(file('text', 'the same again and again '.repeat(1000)));
const plainTar = 'application/vnd.oci.image.layer.v1.tar';
const layers = small.blobs.slice(1).map(({ digest }) => digest);
const isLayer = ({ path, method }: Seen) => method === 'GET' && layers.some((digest) => path.endsWith(digest));

beforeAll(async () => {
  registry = await startRegistry();
  meddler = await Meddler.start(registry.host);
  await registry.push('small', 'latest', small);
});

afterAll(async () => {
  await meddler.stop();
  await registry.stop();
});

beforeEach(() => meddler.reset());
afterEach(closeImages);

test('localhost with a port is a registry of this machine, asked by plain http', async () => {
  const ref = `localhost:${registry.host.split(':')[1]}/small`;
  expect(await tempImages().images.pull(ref)).toMatchObject({ ref: `${ref}:latest`, digest: small.manifest.digest });
});

test('layers that skopeo packed with zstd are taken', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'boxlite-zstd-'));
  try {
    // It packs what is not packed yet.
    const plain = { tar: text, packed: text, mediaType: plainTar };
    const layout = writeLayout(join(directory, 'layout'), { x: testImage({ layers: [plain] }) });
    const how = ['--dest-tls-verify=false', '--dest-compress-format=zstd'];
    execFileSync('skopeo', ['copy', '-q', ...how, `oci:${layout}:x`, `docker://${registry.host}/zstd:latest`]);
    const { digest } = await tempImages().images.pull(`${registry.host}/zstd`);
    const told = await fetch(`http://${registry.host}/v2/zstd/manifests/${digest}`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    expect(await told.text()).toContain('tar+zstd');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("Docker's list of manifests is an index like any other", async () => {
  const image = testImage({ layers: [tar(file('listed', 'x'))], isDocker: true });
  const list = testIndex([{ image, platform: { os: 'linux', architecture: 'amd64' } }], true);
  await registry.push('listed', 'latest', image, list);
  expect((await tempImages().images.pull(`${registry.host}/listed`)).digest).toBe(image.manifest.digest);
});

test.each([429, 503])('status %d with Retry-After is asked again, no sooner than it says', async (status) => {
  const askedAt: number[] = [];
  meddler.meddle = ({ path }) => {
    if (!path.endsWith(layers[0] ?? '')) return undefined;
    askedAt.push(performance.now());
    return askedAt.length === 1 ? { status, headers: { 'retry-after': '2' } } : undefined;
  };
  expect((await tempImages().images.pull(`${meddler.host}/small`)).digest).toBe(small.manifest.digest);
  expect(askedAt).toHaveLength(2);
  // Its own first pause is at most 300 ms; a timer of another process may be a little early.
  expect((askedAt[1] ?? 0) - (askedAt[0] ?? 0)).toBeGreaterThan(1_900);
});

test('four layers come at once, and no more', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let under = 0;
  let most = 0;
  meddler.meddle = (seen) => {
    if (!isLayer(seen)) return undefined;
    most = Math.max(most, ++under);
    return { until: released.then(() => under--) };
  };
  const pulling = tempImages().images.pull(`${meddler.host}/small`);
  await until('four are asked for', () => under === 4, scaled(30_000));
  release();
  expect((await pulling).digest).toBe(small.manifest.digest);
  expect(meddler.seen.filter(isLayer)).toHaveLength(6);
  expect(most).toBe(4);
});

test('progress is told again and again while a layer is on its way', async () => {
  const bytes = Buffer.from(Array.from({ length: 1 << 20 }, (_, at) => (at * at * 31 + (at >> 3)) % 251));
  const raw = tar(file('slow', bytes));
  const image = testImage({ layers: [{ tar: raw, packed: raw, mediaType: plainTar }] });
  await registry.push('slow', 'latest', image);
  // In 16 pieces or more of 64 KiB: at least 1.6 s.
  meddler.meddle = ({ path }) => (path.endsWith(image.blobs[1]?.digest ?? '') ? { pauseMs: 100 } : undefined);
  const seen: Progress[] = [];
  await tempImages().images.pull(`${meddler.host}/slow`, { onProgress: (progress) => seen.push(progress) });
  const onTheWay = seen.filter(({ phase, doneBytes = 0, totalBytes = 0 }) => {
    return phase === 'download' && doneBytes > 0 && doneBytes < totalBytes;
  });
  expect(onTheWay.length).toBeGreaterThanOrEqual(3);
  for (const { totalBytes } of onTheWay) expect(totalBytes).toBe(raw.length);
});

describe('a proxy of the environment', () => {
  const saved = { ...process.env };

  beforeEach(() => {
    process.env.https_proxy = `http://${meddler.host}`;
    process.env.http_proxy = `http://${meddler.host}`;
  });

  afterEach(() => {
    process.env = { ...saved };
  });

  test('is asked to connect to a registry of https', async () => {
    const pulling = tempImages().images.pull('registry.test/small');
    await expect(pulling).rejects.toMatchObject({ code: 'registry-unreachable', retryable: true });
    expect(meddler.seen[0]).toEqual({ method: 'CONNECT', path: 'registry.test:443' });
  });

  test('is not asked for a host that no_proxy names', async () => {
    process.env.no_proxy = '.test';
    const pulling = tempImages().images.pull('registry.test:1/small', { insecure: true });
    await expect(pulling).rejects.toMatchObject({ code: 'registry-unreachable' });
    expect(meddler.seen).toEqual([]);
  });
});
