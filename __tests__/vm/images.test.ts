import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../../lib/index';
import { busyboxImage } from '../helpers/images';
import { type TestImage, testImage } from '../helpers/oci';
import { type Registry, startRegistry } from '../helpers/registry';
import { createdBox, homeOf, tempRuntime } from '../helpers/runtimes';
import { dir, file, tar } from '../helpers/tar';

let registry: Registry;
const runtime = tempRuntime();

/** The busybox image with a layer and a configuration of its own on top. */
function appImage(): TestImage {
  const layout = busyboxImage();
  const blobs = join(layout, 'blobs/sha256');
  const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const manifest = JSON.parse(readFileSync(join(blobs, manifests[0].digest.slice(7)), 'utf8'));
  const config = JSON.parse(readFileSync(join(blobs, manifest.config.digest.slice(7)), 'utf8'));
  const packed = readFileSync(join(blobs, manifest.layers[0].digest.slice(7)));
  const base = { tar: require('node:zlib').gunzipSync(packed), packed };
  const passwd = 'root:x:0:0::/:/bin/sh\napp:x:7:8::/srv:/bin/sh\n';
  const own = tar(dir('etc'), file('etc/passwd', passwd), dir('srv'), file('srv/mine', 'mine', { uid: 7, gid: 8 }));
  return testImage({
    layers: [base, own],
    config: {
      ...config.config,
      Env: ['PATH=/bin', 'COLOR=green'],
      User: 'app',
      WorkingDir: '/srv',
      Entrypoint: ['/bin/tool'],
      Cmd: ['--help'],
      ExposedPorts: { '80/tcp': {} },
      Labels: { a: 'b' },
    },
  });
}

beforeAll(async () => {
  registry = await startRegistry();
  await registry.push('app', 'latest', appImage());
});

afterAll(() => registry.stop());

test('a box of a registry image takes its user, directory and environment, and outlives the image', async () => {
  const image = `${registry.host}/app`;
  const progress: Progress['phase'][] = [];
  const box = await createdBox(runtime, { image });
  expect(box.boot.imageCached).toBe(false);
  expect(box.image).toMatchObject({
    ref: `${image}:latest`,
    config: {
      entrypoint: ['/bin/tool'],
      cmd: ['--help'],
      env: { PATH: '/bin', COLOR: 'green' },
      user: 'app',
      cwd: '/srv',
      ports: ['80/tcp'],
      labels: { a: 'b' },
    },
  });
  expect((await box.info()).image).toBe(`${image}:latest`);
  const look = 'id -u; id -g; pwd; echo $COLOR; cat mine; stat -c %u:%g mine';
  expect((await box.exec(look)).stdout).toBe('7\n8\n/srv\ngreen\nmine7:8\n');

  // Offline from here on, and with next to no time spent on the image.
  await registry.stop();
  const call = { onProgress: ({ phase }: Progress) => progress.push(phase) };
  await using second = await runtime.createBox({ image, memoryMiB: 256 }, call);
  expect(progress).not.toContain('download');
  expect(second.boot.imageCached).toBe(true);
  expect(second.boot.imageMs).toBeLessThan(second.boot.totalMs * 0.02);

  await expect(runtime.images.remove(image)).rejects.toMatchObject({
    code: 'box-state',
    hint: expect.stringContaining('force'),
  });
  expect(await runtime.images.remove(image, { force: true })).toBe(true);
  expect(readdirSync(join(homeOf(runtime), 'images/disks'))).toEqual([]);
  expect((await box.exec(['cat', '/srv/mine'])).stdout).toBe('mine');
  await box.stop({ force: true });
  const again = await runtime.start(box);
  expect((await again.exec(look)).stdout).toBe('7\n8\n/srv\ngreen\nmine7:8\n');
  expect(existsSync(join(homeOf(runtime), 'boxes', box.id, 'image.ext4'))).toBe(true);
});
