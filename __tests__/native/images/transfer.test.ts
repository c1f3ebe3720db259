import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeImages, stored, tempImages } from '../../helpers/image-homes';
import { Meddler, type Seen } from '../../helpers/meddler';
import { testImage } from '../../helpers/oci';
import { type Registry, startRegistry, user } from '../../helpers/registry';
import { file, tar } from '../../helpers/tar';

const mib = 1024 * 1024;
let registry: Registry;
let closed: Registry;
let meddler: Meddler;

// Bytes that gzip makes no smaller.
const noise = Buffer.alloc(8 * mib);
for (let at = 0, seed = 1; at < noise.length; at += 4) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  noise.writeUInt32LE(seed, at);
}
const large = testImage({ layers: [tar(file('noise', noise))] });
const layer = large.blobs[1]?.digest ?? '';
const isLayer = ({ path }: Seen) => path.endsWith(layer);

beforeAll(async () => {
  registry = await startRegistry();
  closed = await startRegistry({ isPrivate: true });
  meddler = await Meddler.start(registry.host);
  await registry.push('large', 'latest', large);
  await closed.push('large', 'latest', large);
});

afterAll(async () => {
  await meddler.stop();
  await registry.stop();
  await closed.stop();
});

beforeEach(() => meddler.reset());
afterEach(closeImages);

describe('a layer that is cut off', () => {
  test('goes on where it ended', async () => {
    const cuts = [1 * mib, 2 * mib, 3 * mib];
    meddler.meddle = (seen) => {
      const cutAfter = isLayer(seen) ? cuts.shift() : undefined;
      return cutAfter === undefined ? undefined : { cutAfter };
    };
    const { images } = tempImages();
    expect((await images.pull(`${meddler.host}/large`)).digest).toBe(large.manifest.digest);
    const from = meddler.seen.filter(isLayer).map(({ range = 'bytes=0-' }) => Number(/bytes=(\d+)-/.exec(range)?.[1]));
    expect(from).toHaveLength(4);
    expect(from).toEqual([...from].sort((a, b) => a - b));
    // At least half of what was let through counts; the rest may have been in flight.
    expect(from[3]).toBeGreaterThan(3 * mib);
  });

  test('goes on in the next pull when the first was aborted', async () => {
    const { images, home } = tempImages();
    const abort = new AbortController();
    const call = {
      signal: abort.signal,
      onProgress: ({ phase, doneBytes = 0 }: { phase: string; doneBytes?: number }) => {
        if (phase === 'download' && doneBytes > mib) abort.abort();
      },
    };
    // Held at 4 MiB until the abort, so that there is something to go on with.
    meddler.meddle = (seen) => (isLayer(seen) ? { stallAfter: 4 * mib } : undefined);
    await expect(images.pull(`${meddler.host}/large`, call)).rejects.toMatchObject({ code: 'aborted' });
    expect(stored(home, 'partial')).toEqual([layer.slice(7)]);
    meddler.reset();
    await images.pull(`${meddler.host}/large`);
    expect(meddler.seen.find(isLayer)?.range).toMatch(/^bytes=[1-9]\d{6}-$/);
    expect(stored(home, 'partial')).toEqual([]);
  });

  test('is taken whole from a registry that knows no ranges', async () => {
    let isFirst = true;
    meddler.meddle = (seen) => {
      if (!isLayer(seen)) return undefined;
      if (!isFirst) return { dropRange: true };
      isFirst = false;
      return { cutAfter: 2 * mib };
    };
    expect((await tempImages().images.pull(`${meddler.host}/large`)).digest).toBe(large.manifest.digest);
  });

  test('that was damaged on this disk meanwhile comes again from its start', async () => {
    const { images, home } = tempImages();
    mkdirSync(join(home, 'images/partial'), { recursive: true });
    writeFileSync(join(home, 'images/partial', layer.slice(7)), Buffer.alloc(mib, 'x'));
    expect((await images.pull(`${meddler.host}/large`)).digest).toBe(large.manifest.digest);
    expect(meddler.seen.filter(isLayer).map(({ range }) => range)).toEqual([`bytes=${mib}-`, undefined]);
  });

  test('again and again, without a byte, is registry-unreachable and retryable', async () => {
    meddler.meddle = (seen) => (isLayer(seen) ? { cutAfter: 0 } : undefined);
    await expect(tempImages().images.pull(`${meddler.host}/large`)).rejects.toMatchObject({
      code: 'registry-unreachable',
      retryable: true,
    });
    expect(meddler.seen.filter(isLayer)).toHaveLength(5);
  });
});

test('a blob that was damaged in the home comes again', async () => {
  const { images, home } = tempImages();
  mkdirSync(join(home, 'images/blobs/sha256'), { recursive: true });
  writeFileSync(join(home, 'images/blobs/sha256', layer.slice(7)), Buffer.alloc(large.blobs[1]?.size ?? 0, 'x'));
  expect((await images.pull(`${meddler.host}/large`)).digest).toBe(large.manifest.digest);
});

describe('credentials', () => {
  const saved = { ...process.env };
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'boxlite-docker-'));
    process.env.HOME = directory;
    process.env.DOCKER_CONFIG = directory;
  });

  afterEach(() => {
    process.env = { ...saved };
    rmSync(directory, { recursive: true, force: true });
  });

  function dockerConfig(config: object): void {
    writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  }

  test('come from the Docker config', async () => {
    const auth = Buffer.from(`${user.username}:${user.password}`).toString('base64');
    dockerConfig({ auths: { [closed.host]: { auth } } });
    expect((await tempImages().images.pull(`${closed.host}/large`)).digest).toBe(large.manifest.digest);
  });

  test("come from podman's auth.json where Docker has no config", async () => {
    const auth = Buffer.from(`${user.username}:${user.password}`).toString('base64');
    mkdirSync(join(directory, 'containers'));
    writeFileSync(join(directory, 'containers/auth.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
    process.env.XDG_RUNTIME_DIR = directory;
    expect((await tempImages().images.pull(`${closed.host}/large`)).digest).toBe(large.manifest.digest);
  });

  test('come from a credential helper, which is asked for that registry', async () => {
    const helper = join(directory, 'docker-credential-test');
    const answer = JSON.stringify({ ServerURL: closed.host, Username: user.username, Secret: user.password });
    writeFileSync(helper, `#!/bin/sh\n[ "$1" = get ] && cat > "${directory}/asked" && echo '${answer}'\n`);
    chmodSync(helper, 0o755);
    process.env.PATH = `${directory}:${process.env.PATH}`;
    dockerConfig({ credHelpers: { [closed.host]: 'test' } });
    expect((await tempImages().images.pull(`${closed.host}/large`)).digest).toBe(large.manifest.digest);
  });

  test('are exchanged for a token where the registry asks for one, and sent to no other host', async () => {
    const token = 'token-of-the-test';
    const other = await Meddler.start(registry.host);
    try {
      meddler.meddle = ({ path, authorization }) => {
        if (path.startsWith('/token')) {
          const isRight =
            authorization === `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
          return { status: isRight ? 200 : 401, body: JSON.stringify({ token }) };
        }
        const challenge = `Bearer realm="http://${meddler.host}/token",service="test"`;
        if (authorization !== `Bearer ${token}`) return { status: 401, headers: { 'www-authenticate': challenge } };
        if (path.includes('/blobs/')) return { status: 307, headers: { location: `http://${other.host}${path}` } };
        return undefined;
      };
      const { images } = tempImages();
      await expect(
        images.pull(`${meddler.host}/large`, { auth: { ...user, password: 'wrong' } }),
      ).rejects.toMatchObject({
        code: 'image-auth',
      });
      expect((await images.pull(`${meddler.host}/large`, { auth: user })).digest).toBe(large.manifest.digest);
      expect(other.blobs().length).toBeGreaterThan(0);
      expect(other.seen.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
      expect((await tempImages().images.pull(`${meddler.host}/large`, { auth: { token } })).digest).toBe(
        large.manifest.digest,
      );
    } finally {
      await other.stop();
    }
  });

  test('that were given are in no file of the home and in no error', async () => {
    const { images, home } = tempImages();
    const canary = 'canary-4711';
    const error = await images
      .pull(`${closed.host}/large`, { auth: { username: canary, password: canary } })
      .catch((e: unknown) => e);
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain(canary);
    expect(execFileSync('/bin/sh', ['-c', `grep -rl ${canary} "$0" || true`, home], { encoding: 'utf8' })).toBe('');
  });
});

test('a proxy of the environment is gone through, also to plain http with insecure', async () => {
  const saved = { ...process.env };
  process.env.http_proxy = `http://${meddler.host}`;
  process.env.https_proxy = `http://${meddler.host}`;
  try {
    const { images } = tempImages();
    meddler.meddle = ({ method }) => (method === 'CONNECT' ? { status: 502 } : undefined);
    const pulled = await images.pull('registry.test:5000/large', { insecure: true });
    expect(pulled.ref).toBe('registry.test:5000/large:latest');
    expect(meddler.blobs().length).toBeGreaterThan(0);
  } finally {
    process.env = saved;
  }
});
