import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Box } from '../../lib/index';
import { nodeImage } from '../helpers/images';
import { nameServer } from '../helpers/names';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';
import { file, tar } from '../helpers/tar';

// In a lab it takes some minutes.
const isShown = engine === 'qemu' || process.env.BOXLITE_NETWORK_ALL !== undefined;
const why = isShown ? '' : ' (not shown: `npm run network -- --engine krun` does it)';

(isShown ? describe : describe.skip)(`real clients in a box on ${engine}${why}`, () => {
  const runtime = tempRuntime();
  let names: ReturnType<typeof nameServer>;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  let box: Box;

  beforeAll(async () => {
    names = nameServer({ 'registry.test': ['127.0.0.1'] });
    await names.listening;
    registry = await startRegistry();
    box = await createdBox(runtime, {
      image: { layout: nodeImage() },
      memoryMiB: 512,
      // The server of the tests is on loopback, which a name opens only together with its address.
      network: { allow: [`registry.test:${registry.port}`, `127.0.0.1:${registry.port}`], dns: [names.address] },
    });
  }, scaled(120_000));
  afterAll(async () => {
    await registry.close();
    await names.close();
  });

  const npm = (...args: string[]) =>
    box.exec(['npm', '--fetch-retries=0', '--no-update-notifier', ...args], { cwd: '/tmp' });

  test(
    'npm loads a package from a registry that a rule allows',
    async () => {
      const packed = await npm('pack', 'hello@1.0.0', `--registry=http://registry.test:${registry.port}/`);
      expect(packed).toMatchObject({ exitCode: 0, stdout: 'hello-1.0.0.tgz\n', denied: [] });
      expect(Buffer.from(await box.fs.readFile('/tmp/hello-1.0.0.tgz'))).toEqual(registry.tarball);
    },
    scaled(120_000),
  );

  test(
    'npm ends with an error where no rule allows it, and the result says which',
    async () => {
      const pinged = await npm('ping', '--registry=http://other.test/');
      expect(pinged.exitCode).not.toBe(0);
      expect(pinged.stderr).toMatch(/other\.test/);
      expect(pinged.denied[0]).toMatchObject({ host: 'other.test', rule: 'not-allowed' });
      expect(new Set(pinged.denied.map(({ host }) => host))).toEqual(new Set(['other.test']));
    },
    scaled(120_000),
  );
});

/** An npm registry on loopback of one package with one version. */
async function startRegistry() {
  const tarball = gzipSync(tar(file('package/package.json', JSON.stringify({ name: 'hello', version: '1.0.0' }))));
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const server = createServer((request, response) => {
    const host = request.headers.host;
    if (request.url === '/hello') {
      const dist = { tarball: `http://${host}/hello/-/hello-1.0.0.tgz`, integrity };
      const versions = { '1.0.0': { name: 'hello', version: '1.0.0', dist } };
      response.end(JSON.stringify({ name: 'hello', 'dist-tags': { latest: '1.0.0' }, versions }));
    } else if (request.url === '/hello/-/hello-1.0.0.tgz') {
      response.end(tarball);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    tarball,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
