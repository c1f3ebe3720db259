import { createSocket } from 'node:dgram';
import { createServer, get } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { Box, EgressDenied } from '../../lib/index';
import { nameServer } from '../helpers/names';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';
import { udpEchoProgram } from '../helpers/udp-echo';

describe(`a box with a network on ${engine}`, () => {
  const runtime = tempRuntime();
  const web = createServer((_, response) => response.end('hello from the host\n'));
  const names = nameServer({
    'web.test': ['127.0.0.1'],
    'deep.sub.wild.test': ['127.0.0.1'],
    'private.test': ['10.11.12.13'],
    'metadata.test': ['169.254.169.254'],
  });
  let box: Box;
  let port = 0;
  const fetched = (url: string) => box.exec(['wget', '-q', '-O', '-', url]);
  const policy = () => ({
    allow: [`web.test:${port}`, '*.wild.test', 'private.test', 'metadata.test', `127.0.0.1:${port}`],
    deny: ['bad.wild.test'],
    dns: [names.address],
  });

  beforeAll(async () => {
    await names.listening;
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    port = (web.address() as AddressInfo).port;
    box = await createdBox(runtime, { network: policy(), ports: [{ guest: 8080 }, { guest: 5353, protocol: 'udp' }] });
  });
  afterAll(async () => {
    await names.close();
    await new Promise((resolve) => web.close(resolve));
  });
  beforeEach(() => box.setNetwork(policy()));

  test('has the address, the resolver and the name of its own', async () => {
    const { stdout } = await box.exec(
      'ip -4 addr show eth0; ip -6 addr show eth0; ip route; cat /etc/resolv.conf; hostname -i',
    );
    expect(stdout).toContain('inet 192.168.127.2/24');
    expect(stdout).toContain('mtu 65520');
    expect(stdout).toContain('default via 192.168.127.1');
    expect(stdout).toContain('nameserver 192.168.127.1');
    expect(stdout).not.toContain('inet6');
    expect(stdout.trim().split('\n').at(-1)).toBe('192.168.127.2');
  });

  test.each([
    ['a name on its port', () => `http://web.test:${port}/`],
    ['a wildcard over more than one label', () => `http://deep.sub.wild.test:${port}/`],
    ["the host's loopback, which a rule names", () => `http://host.boxlite.internal:${port}/`],
    ['an address that a rule names', () => `http://192.168.127.254:${port}/`],
  ])('reaches %s', async (_, url) => {
    const { stdout, stderr, denied } = await fetched(url());
    expect({ stdout, stderr, denied }).toEqual({ stdout: 'hello from the host\n', stderr: '', denied: [] });
  });

  test.each([
    ['a name that no rule covers', 'http://other.test/', { protocol: 'dns', host: 'other.test', rule: 'not-allowed' }],
    ['a name below an allowed one', 'http://x.web.test/', { protocol: 'dns', host: 'x.web.test', rule: 'not-allowed' }],
    ['the name under a wildcard', 'http://wild.test/', { protocol: 'dns', host: 'wild.test', rule: 'not-allowed' }],
    ['a denied name', 'http://bad.wild.test/', { protocol: 'dns', host: 'bad.wild.test', rule: 'bad.wild.test' }],
    [
      'an allowed name that leads to a private address',
      'http://private.test/',
      { protocol: 'dns', host: 'private.test', ip: '10.11.12.13', rule: 'private' },
    ],
    [
      'an allowed name that leads to a metadata service',
      'http://metadata.test/',
      { protocol: 'dns', host: 'metadata.test', ip: '169.254.169.254', rule: 'private' },
    ],
    [
      'a literal public address',
      'http://203.0.113.7/',
      { protocol: 'tcp', ip: '203.0.113.7', port: 80, rule: 'not-allowed' },
    ],
    ['the metadata address', 'http://169.254.169.254/', { protocol: 'tcp', ip: '169.254.169.254', rule: 'private' }],
    [
      'another port of the loopback',
      'http://192.168.127.254:9/',
      { protocol: 'tcp', ip: '127.0.0.1', port: 9, rule: 'private' },
    ],
    [
      "the gateway's own ports",
      'http://192.168.127.1/',
      { protocol: 'tcp', ip: '192.168.127.1', port: 80, rule: 'gateway' },
    ],
  ])('does not reach %s, and says why', async (_, url, expected) => {
    const { exitCode, denied, durationMs } = await fetched(url);
    expect(exitCode).not.toBe(0);
    expect(denied).toEqual([expect.objectContaining(expected)]);
    expect(denied[0]?.message).toContain(denied[0]?.host ?? denied[0]?.ip);
    expect(durationMs).toBeLessThan(scaled(2_000));
  });

  test('is told at once that there is no IPv6', async () => {
    const { stdout, durationMs } = await box.exec('nc 2001:db8::1 80; echo $?');
    expect(stdout).toBe('1\n');
    expect(durationMs).toBeLessThan(scaled(5_000));
  });

  test('serves its published ports, chosen by the host, on loopback alone', async () => {
    const ports = (await box.info()).ports;
    expect(ports).toEqual([
      { guest: 8080, host: expect.any(Number), bind: '127.0.0.1', protocol: 'tcp' },
      { guest: 5353, host: expect.any(Number), bind: '127.0.0.1', protocol: 'udp' },
    ]);
    await using server = await box.spawn(
      'mkdir -p /www; echo from the guest > /www/file; httpd -f -p 8080 -h /www & echo up; wait',
    );
    for await (const line of server.lines()) if (line === 'up') break;
    expect(await retried(() => body(ports[0]?.host ?? 0, '/file'))).toBe('from the guest\n');
    await using forward = await box.forward(8080);
    expect(await body(forward.host, '/file')).toBe('from the guest\n');
    expect(forward.url).toBe(`http://127.0.0.1:${forward.host}`);
    await forward[Symbol.asyncDispose]();
    await expect(body(forward.host, '/file')).rejects.toThrow('ECONNREFUSED');
  });

  test('serves a published port over UDP, each peer with its own answers', async () => {
    await box.fs.writeFile('/udp-echo', udpEchoProgram(5353), { mode: 0o755 });
    await using _ = await box.spawn(['/udp-echo']);
    const published = (await box.info()).ports.find(({ protocol }) => protocol === 'udp')?.host ?? 0;
    const peers = await Promise.all(
      ['a', 'b', 'c'].map((text) => retried(() => echoed(published, text.repeat(1_200)))),
    );
    expect(peers).toEqual(['a', 'b', 'c'].map((text) => text.repeat(1_200)));
    expect((await retried(() => echoed(published, 'x'.repeat(9_000)))).length).toBe(9_000);
  });

  test('changes its network live: what is no longer allowed is cut, and what is now allowed is reached', async () => {
    const connected = new Promise<void>((resolve) => echo.once('connection', () => resolve()));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const open = { allow: [`127.0.0.1:${(echo.address() as AddressInfo).port}`] };
    await box.setNetwork(open);
    const running = box.exec(['nc', '192.168.127.254', String((echo.address() as AddressInfo).port)], {
      stdin: endless(),
    });
    await connected;
    await box.setNetwork('none');
    await running;
    expect((await fetched(`http://192.168.127.254:${port}/`)).denied).toEqual([
      expect.objectContaining({ rule: 'none', port }),
    ]);
    await box.setNetwork(policy());
    expect((await fetched(`http://192.168.127.254:${port}/`)).stdout).toBe('hello from the host\n');
    echo.close();
  });

  test('asks other resolvers as soon as it is told to, and forgets what the others said', async () => {
    const others = nameServer({ 'web.test': ['10.0.0.1'], 'new.test': ['127.0.0.1'] });
    await others.listening;
    const allow = [`web.test:${port}`, `new.test:${port}`, `127.0.0.1:${port}`];
    expect((await fetched(`http://web.test:${port}/`)).stdout).toBe('hello from the host\n');
    await box.setNetwork({ allow, dns: [others.address] });
    expect((await fetched(`http://new.test:${port}/`)).stdout).toBe('hello from the host\n');
    expect((await fetched(`http://web.test:${port}/`)).denied).toEqual([
      expect.objectContaining({ host: 'web.test', ip: '10.0.0.1', rule: 'private' }),
    ]);
    await box.setNetwork({ allow, dns: [names.address] });
    expect((await fetched(`http://web.test:${port}/`)).stdout).toBe('hello from the host\n');
    await others.close();
  });

  test('asks onDeny once for a host and port, and goes by its answer', async () => {
    const asked: EgressDenied[] = [];
    await box.setNetwork({
      allow: [`127.0.0.1:${port}`],
      dns: [names.address],
      onDeny: async (denied) => {
        asked.push(denied);
        return denied.host === 'web.test' ? 'allow-host' : 'deny';
      },
    });
    expect((await fetched(`http://web.test:${port}/`)).stdout).toBe('hello from the host\n');
    expect((await fetched(`http://web.test:${port}/`)).denied).toEqual([]);
    expect((await fetched('http://no.test/')).denied).toEqual([expect.objectContaining({ host: 'no.test' })]);
    expect((await fetched('http://no.test/')).denied).toHaveLength(1);
    expect(asked.map(({ host, protocol }) => [host, protocol])).toEqual([
      ['web.test', 'dns'],
      ['no.test', 'dns'],
    ]);
  });

  test('counts its bytes', async () => {
    const before = await box.metrics();
    await fetched(`http://web.test:${port}/`);
    const after = await box.metrics();
    expect(after.netInBytes).toBeGreaterThan(before.netInBytes);
    expect(after.netOutBytes).toBeGreaterThan(before.netOutBytes);
  });

  test('says who holds a port that is taken', async () => {
    await expect(box.forward(80, { host: port })).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringMatching(new RegExp(`port ${port} is in use, by .* \\(pid ${process.pid}\\)`)),
    });
  });

  const echo = createTcpServer((socket) => void socket.on('error', () => {}).pipe(socket));
});

describe(`a box without a network on ${engine}`, () => {
  const runtime = tempRuntime();

  test('has lo alone, and is told that none can be added', async () => {
    const box = await createdBox(runtime);
    expect((await box.exec('ls /sys/class/net')).stdout).not.toContain('eth0');
    await expect(box.forward(80)).rejects.toMatchObject({ code: 'box-state', box: box.id });
    await expect(box.setNetwork('public')).rejects.toMatchObject({ code: 'box-state' });
    await box.setNetwork('none');
  });
});

async function* endless(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x\n');
  await new Promise(() => {});
}

function body(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, path, host: '127.0.0.1', agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(text);
    }).on('error', reject);
  });
}

/** What comes back for a datagram; one that is lost, or was sent before anybody listened, rejects. */
function echoed(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const timer = setTimeout(() => socket.emit('error', new Error('no answer')), scaled(1_000));
    socket.on('error', (error) => {
      clearTimeout(timer);
      socket.close();
      reject(error);
    });
    socket.on('message', (answer) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer.toString());
    });
    socket.connect(port, '127.0.0.1', () => socket.send(text));
  });
}

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + scaled(20_000); ; ) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
