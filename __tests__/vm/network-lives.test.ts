import { readFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Runtime } from '../../lib/index';
import { freePort } from '../helpers/free-port';
import { netdOf } from '../helpers/netd';
import { createdBox, engine, homeOf, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

// Each round is a boot, and a lab boots slowly: `npm run network` does all of them there too.
const rounds = engine === 'qemu' || process.env.BOXLITE_NETWORK_ALL ? 20 : 5;

describe(`the network of a box on ${engine}`, () => {
  const runtime = tempRuntime();
  const web = createServer((_, response) => response.end('hello\n'));
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    port = (web.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => web.close(resolve)));

  test('is there again after its process was killed, with its ports and the policy of then', async () => {
    const box = await createdBox(runtime, { network: 'none', ports: [{ guest: 8080 }] });
    // What was under way when the process died is lost: each try is bounded.
    const timeoutMs = scaled(3_000);
    const fetched = () => box.exec(['wget', '-q', '-O', '-', `http://192.168.127.254:${port}/`], { timeoutMs });
    await box.setNetwork({ allow: [`127.0.0.1:${port}`] });
    expect((await fetched()).stdout).toBe('hello\n');
    await using server = await box.spawn(
      'mkdir -p /www; echo served > /www/file; httpd -f -p 8080 -h /www & echo up; wait',
    );
    for await (const line of server.lines()) if (line === 'up') break;
    const published = (await box.info()).ports[0]?.host ?? 0;
    expect(await until(() => body(published))).toBe('served\n');

    process.kill(netdOf(box), 'SIGKILL');
    expect(await until(async () => (await fetched()).stdout || Promise.reject(new Error('not yet')))).toBe('hello\n');
    expect(await until(() => body(published))).toBe('served\n');
    expect((await box.exec('wget -q -O - http://203.0.113.9/')).denied).toEqual([
      expect.objectContaining({ ip: '203.0.113.9', rule: 'not-allowed' }),
    ]);

    const networks = async () => (await runtime.doctor()).checks.find(({ id }) => id === 'networks');
    expect(await networks()).toMatchObject({ status: 'ok' });
    const events = runtime.events({ box, types: ['network-lost'] });
    process.kill(netdOf(box), 'SIGKILL');
    for await (const event of events) {
      expect(event.box).toBe(box.id);
      break;
    }
    expect(await networks()).toMatchObject({ status: 'warn', detail: expect.stringContaining(box.id) });
    await expect(box.forward(80)).rejects.toMatchObject({ code: 'box-state' });
    expect((await box.exec(['echo', 'lives'])).stdout).toBe('lives\n');
  });

  test('costs the host at most 25 MiB while nothing goes on', async () => {
    const box = await createdBox(runtime, { network: 'public' });
    const [, kib = ''] = /^Pss: *(\d+) kB$/m.exec(readFileSync(`/proc/${netdOf(box)}/smaps_rollup`, 'utf8')) ?? [];
    expect(Number(kib)).toBeGreaterThan(0);
    expect(Number(kib) / 1024).toBeLessThanOrEqual(25);
  });

  test(
    'R7: a port is free again as soon as its box was removed by force, round after round',
    async () => {
      const host = await freePort();
      for (let round = 0; round < rounds; round++) {
        const box = await createdBox(runtime, { ports: [{ guest: 8080, host }] });
        const serve = box.exec(['nc', '-l', '-p', '8080', '-e', 'echo', `round ${round}`]);
        serve.catch(() => {});
        expect(await until(() => heard(host))).toBe(`round ${round}\n`);
        expect((await box.info()).ports).toEqual([{ guest: 8080, host, bind: '127.0.0.1', protocol: 'tcp' }]);
        expect(await box.remove({ force: true })).toBe(true);
      }
    },
    scaled(200_000),
  );

  test('R7: a port that somebody else holds fails the box, and leaves nothing of it', async () => {
    const before = await listed();
    const creating = createdBox(runtime, { ports: [{ guest: 80, host: port }] });
    await expect(creating).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringMatching(new RegExp(`port ${port} is in use, by .*\\(pid ${process.pid}\\)`)),
    });
    expect(await listed()).toEqual(before);
  });

  test('what is denied is an event, once, whoever else is connected to the box', async () => {
    const box = await createdBox(runtime, { network: { allow: [] } });
    await using other = new Runtime({ home: homeOf(runtime), engine });
    await other.exec(box.id, ['true']);
    const events = runtime.events({ box, types: ['egress-denied', 'exited'] });
    await box.exec('wget -q -O - http://203.0.113.9/; wget -q -O - http://no.test/');
    await box.remove({ force: true });
    const seen = [];
    for await (const event of events) if (event.type !== 'egress-denied' || seen.push(event) === 2) break;
    expect(seen).toEqual([
      expect.objectContaining({ box: box.id, denied: expect.objectContaining({ ip: '203.0.113.9', port: 80 }) }),
      expect.objectContaining({
        box: box.id,
        denied: expect.objectContaining({ host: 'no.test', at: expect.any(Date) }),
      }),
    ]);
  });

  async function listed(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { id } of runtime.listBoxes()) ids.push(id);
    return ids;
  }
});

function body(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const timeout = scaled(3_000);
    const request = get({ port, path: '/file', host: '127.0.0.1', agent: false, timeout }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(text);
    });
    request.on('timeout', () => request.destroy(new Error('no answer'))).on('error', reject);
  });
}

function heard(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', reject).on('close', () => (text === '' ? reject(new Error('nothing said')) : resolve(text)));
  });
}

async function until<T>(work: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + scaled(20_000); ; ) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
