import type { Progress } from '../../../lib/index';
import { closeImages, listed, stored, tempImages } from '../../helpers/image-homes';
import { Meddler } from '../../helpers/meddler';
import { type TestImage, testImage, testIndex } from '../../helpers/oci';
import { type Registry, startRegistry, user } from '../../helpers/registry';
import { dir, file, tar } from '../../helpers/tar';

let registry: Registry;
let meddler: Meddler;

const base = tar(dir('etc'), file('etc/base', 'base'));
const config = {
  Entrypoint: ['/bin/tool'],
  Cmd: ['--help'],
  Env: ['PATH=/bin', 'EMPTY='],
  User: 'nobody',
  WorkingDir: '/srv',
  ExposedPorts: { '80/tcp': {} },
  Labels: { maker: 'tests' },
};

function version(text: string): TestImage {
  return testImage({ layers: [base, tar(file('etc/version', text))], config });
}

beforeAll(async () => {
  registry = await startRegistry();
  meddler = await Meddler.start(registry.host);
  await registry.push('team/app', 'latest', version('one'));
});

afterAll(async () => {
  await meddler.stop();
  await registry.stop();
});

beforeEach(() => meddler.reset());
afterEach(closeImages);

describe('a pull', () => {
  test('brings an image with its configuration, and it is listed, found and removed', async () => {
    const { images, home } = tempImages();
    const pulled = await images.pull(`${meddler.host}/team/app`);
    expect(pulled).toMatchObject({
      ref: `${meddler.host}/team/app:latest`,
      digest: version('one').manifest.digest,
      platform: 'linux/amd64',
      config: {
        entrypoint: ['/bin/tool'],
        cmd: ['--help'],
        env: { PATH: '/bin', EMPTY: '' },
        user: 'nobody',
        cwd: '/srv',
        ports: ['80/tcp'],
        labels: { maker: 'tests' },
      },
    });
    expect(pulled.diskBytes).toBeGreaterThan(0);
    expect(await listed(images)).toEqual([pulled.ref]);
    expect(await images.get(`${meddler.host}/team/app`)).toEqual(pulled);
    expect(await images.get(pulled.digest)).toEqual(pulled);
    expect(await images.get(`${meddler.host}/team/other`)).toBeNull();
    expect(await images.remove(pulled.ref)).toBe(true);
    expect(await images.remove(pulled.ref)).toBe(false);
    expect(await listed(images)).toEqual([]);
    for (const part of ['disks', 'blobs/sha256', 'partial', 'tmp']) expect(stored(home, part)).toEqual([]);
  });

  test('of what is here fetches no blob, and of a changed tag only what has changed', async () => {
    const { images } = tempImages();
    await registry.push('team/moving', 'latest', version('one'));
    const first = await images.pull(`${meddler.host}/team/moving`);
    expect(meddler.blobs()).toHaveLength(3);
    meddler.reset();
    expect((await images.pull(`${meddler.host}/team/moving`)).digest).toBe(first.digest);
    expect(meddler.blobs()).toEqual([]);
    await registry.push('team/moving', 'latest', version('two'));
    const second = await images.pull(`${meddler.host}/team/moving`);
    expect(second.digest).toBe(version('two').manifest.digest);
    // The config and the upper layer.
    expect(meddler.blobs()).toHaveLength(2);
    expect((await images.get(`${meddler.host}/team/moving`))?.digest).toBe(second.digest);
  });

  test('of a digest that is here asks nobody', async () => {
    const { images } = tempImages();
    const ref = `${meddler.host}/team/app@${version('one').manifest.digest}`;
    await images.pull(ref);
    meddler.reset();
    expect((await images.pull(ref)).ref).toBe(ref);
    expect(meddler.seen).toEqual([]);
  });

  test('picks the image of the platform from an index, and looks at no attestation', async () => {
    const arm = testImage({ layers: [base], platform: { os: 'linux', architecture: 'arm64' } });
    const mine = version('indexed');
    const attestation = testImage({
      layers: [tar(file('x', 'attested'))],
      platform: { os: 'unknown', architecture: 'unknown' },
    });
    const unknown = { os: 'unknown', architecture: 'unknown' };
    const index = testIndex([
      { image: arm, platform: { os: 'linux', architecture: 'arm64' } },
      { image: attestation, platform: unknown, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
      { image: mine, platform: { os: 'linux', architecture: 'amd64' } },
    ]);
    for (const image of [arm, attestation]) await registry.push('team/multi', 'part', image);
    await registry.push('team/multi', 'latest', mine, index);
    expect((await tempImages().images.pull(`${meddler.host}/team/multi`)).digest).toBe(mine.manifest.digest);
    const asked = meddler.seen.map(({ path }) => path).join('\n');
    expect(asked).not.toContain(arm.manifest.digest);
    expect(asked).not.toContain(attestation.manifest.digest);
  });

  test('tells which platforms there are when none is this one', async () => {
    const platform = { os: 'linux', architecture: 's390x' };
    await registry.push('team/foreign', 'latest', testImage({ layers: [base], platform }));
    await expect(tempImages().images.pull(`${meddler.host}/team/foreign`)).rejects.toMatchObject({
      code: 'image-not-found',
      message: expect.stringContaining('linux/s390x'),
    });
  });

  test("takes Docker's own types, and layers that are not packed", async () => {
    const layer = tar(file('plain', 'plain'));
    const plain = { tar: layer, packed: layer, mediaType: 'application/vnd.oci.image.layer.v1.tar' };
    await registry.push('team/plain', 'latest', testImage({ layers: [plain, base] }));
    await registry.push('team/docker', 'latest', testImage({ layers: [base], isDocker: true }));
    const { images } = tempImages();
    await images.pull(`${meddler.host}/team/plain`);
    await images.pull(`${meddler.host}/team/docker`);
    expect(await listed(images)).toHaveLength(2);
  });

  test('tells its progress in bytes, phase after phase', async () => {
    const random = Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i * i * 31) % 251));
    await registry.push('team/large', 'latest', testImage({ layers: [{ tar: tar(file('large', random)) }] }));
    const seen: Progress[] = [];
    await tempImages().images.pull(`${meddler.host}/team/large`, { onProgress: (p) => seen.push(p) });
    const phases = [...new Set(seen.map(({ phase }) => phase))];
    expect(phases).toEqual(['resolve', 'download', 'build']);
    expect(seen.filter(({ totalBytes = 0 }) => totalBytes > 0).length).toBeGreaterThan(0);
    for (const { doneBytes = 0, totalBytes = 0 } of seen) expect(doneBytes).toBeLessThanOrEqual(totalBytes);
  });

  test('that is aborted leaves nothing listed and nothing half-made', async () => {
    const { images, home } = tempImages();
    const abort = new AbortController();
    meddler.meddle = ({ path }) => {
      if (path.includes('/blobs/')) abort.abort();
      return undefined;
    };
    await expect(images.pull(`${meddler.host}/team/app`, { signal: abort.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(await listed(images)).toEqual([]);
    for (const part of ['disks', 'tmp']) expect(stored(home, part)).toEqual([]);
  });
});

describe('a registry', () => {
  test('that does not have the tag or the repository is image-not-found', async () => {
    for (const ref of ['team/app:absent', 'team/nothing']) {
      await expect(tempImages().images.pull(`${meddler.host}/${ref}`)).rejects.toMatchObject({
        code: 'image-not-found',
        retryable: false,
        hint: expect.stringMatching(/\w/),
      });
    }
  });

  test('that is dead is registry-unreachable and retryable', async () => {
    const dead = await Meddler.start(registry.host);
    const { host } = dead;
    await dead.stop();
    await expect(tempImages().images.pull(`${host}/team/app`)).rejects.toMatchObject({
      code: 'registry-unreachable',
      retryable: true,
    });
  });

  test('that sends to plain http away from this machine is not followed without insecure', async () => {
    meddler.meddle = ({ path }) =>
      path.includes('/blobs/') ? { status: 307, headers: { location: 'http://192.0.2.1/blob' } } : undefined;
    await expect(tempImages().images.pull(`${meddler.host}/team/app`)).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringContaining('plain http'),
      hint: expect.stringContaining('insecure'),
    });
  });

  test('that fails now and then is asked again', async () => {
    let failures = 2;
    meddler.meddle = ({ path }) => (path.includes('/blobs/') && failures-- > 0 ? { status: 503 } : undefined);
    expect(await tempImages().images.pull(`${meddler.host}/team/app`)).toMatchObject({
      digest: version('one').manifest.digest,
    });
  });

  test('that lies about a layer is image-invalid, and nothing of it is kept', async () => {
    const { images, home } = tempImages();
    const [, layer] = version('one').blobs;
    meddler.meddle = ({ path }) => (path.endsWith(layer?.digest ?? '') ? { lie: true } : undefined);
    await expect(images.pull(`${meddler.host}/team/app`)).rejects.toMatchObject({ code: 'image-invalid' });
    expect([...stored(home, 'blobs/sha256'), ...stored(home, 'partial')]).not.toContain(layer?.digest.slice(7));
    meddler.reset();
    expect(await images.pull(`${meddler.host}/team/app`)).toMatchObject({ digest: version('one').manifest.digest });
  });

  test('that wants a password takes the right one, and is image-auth without and with a wrong one', async () => {
    const closed = await startRegistry({ isPrivate: true });
    try {
      await closed.push('app', 'latest', version('closed'));
      const { images } = tempImages();
      const ref = `${closed.host}/app`;
      const wrong = { ...user, password: 'wrong' };
      await expect(images.pull(ref)).rejects.toMatchObject({ code: 'image-auth', retryable: false });
      await expect(images.pull(ref, { auth: wrong })).rejects.toMatchObject({ code: 'image-auth' });
      expect(await images.pull(ref, { auth: user })).toMatchObject({ digest: version('closed').manifest.digest });
    } finally {
      await closed.stop();
    }
  });
});
