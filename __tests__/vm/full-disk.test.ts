import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Box, Runtime } from '../../lib/index';
import { listed, stored } from '../helpers/image-homes';
import { Meddler } from '../helpers/meddler';
import { canMount, fillUp, onTmpfs } from '../helpers/mounts';
import { testImage } from '../helpers/oci';
import { type Registry, startRegistry } from '../helpers/registry';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';
import { file, tar } from '../helpers/tar';

const mib = 1024 * 1024;
const image = testImage({ layers: [1, 2].map((at) => tar(file(`layer${at}`, randomBytes(mib)))) });
const noSpace = { code: 'no-space', hint: expect.stringMatching(/\w/) };

(canMount ? describe : describe.skip)(`a host's disk that fills up, on ${engine} (needs root to mount)`, () => {
  let registry: Registry;
  let meddler: Meddler;

  beforeAll(async () => {
    registry = await startRegistry();
    meddler = await Meddler.start(registry.host);
    await registry.push('app', 'latest', image);
  });

  afterAll(async () => {
    await meddler.stop();
    await registry.stop();
  });

  test('ends a pull with no-space and nothing half-made, and the box beside goes on', async () => {
    await onTmpfs('size=24m', async (home) => {
      const filler = join(home, 'filler');
      const runtime = tempRuntime({ home });
      const box = await createdBox(runtime);
      const ref = `${meddler.host}/app`;
      try {
        await box.exec('echo kept > /root/file; sync', { check: true });
        const before = store(home);

        // As a layer is about to come: there was room for all when the download began.
        meddler.meddle = ({ path }) => {
          if (path.endsWith(image.blobs[1]?.digest ?? '')) fillUp(filler, mib / 4);
          return undefined;
        };
        await expect(runtime.images.pull(ref)).rejects.toMatchObject(noSpace);
        expect(store(home)).toEqual(before);
        await goesOn(runtime, box);

        // With room for the layers, and none for the disk of them.
        rmSync(filler);
        meddler.reset();
        fillUp(filler, 3 * mib);
        await expect(runtime.images.pull(ref)).rejects.toMatchObject({
          ...noSpace,
          message: expect.stringContaining('disk needs'),
        });
        expect(store(home)).toEqual(before);
        await goesOn(runtime, box);

        // What the box itself would write, with no byte left, fails in the box, and stops nothing else of it.
        fillUp(filler);
        const write = await box.exec('dd if=/dev/zero of=/root/large bs=1M count=4 conv=fsync', {
          timeoutMs: scaled(30_000),
        });
        expect(write.exitCode).not.toBe(0);
        expect(write.stderr).toContain('large');
        expect((await box.exec(['echo', 'alive'])).stdout).toBe('alive\n');

        // As the error's hint says: the layers that no image has are room enough to make it.
        expect((await runtime.prune()).freedBytes).toBeGreaterThan(2 * mib);
        rmSync(filler);
        expect((await runtime.images.pull(ref)).digest).toBe(image.manifest.digest);
        expect((await box.exec(['echo', 'alive'])).stdout).toBe('alive\n');
      } finally {
        rmSync(filler, { force: true });
        await box.remove({ force: true });
        await runtime.close();
      }
    });
  });

  async function goesOn(runtime: Runtime, box: Box): Promise<void> {
    expect((await box.exec(['cat', '/root/file'])).stdout).toBe('kept\n');
    expect(await listed(runtime.images)).not.toContain(`${meddler.host}/app:latest`);
  }
});

/** What a pull or a build could leave half-made; whole blobs may stay. */
function store(home: string) {
  return Object.fromEntries(['disks', 'partial', 'tmp'].map((part) => [part, stored(home, part)]));
}
