import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Box } from '../../lib/index';
import { netdOf } from '../helpers/netd';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

const MIB = 1024 * 1024;
// A lab's network is slow.
const manyMiB = engine === 'qemu' ? 64 : 24;
const chunk = Buffer.alloc(65536);
// What the kernels and buffers on the way hold of a connection that nobody reads, far from all of it.
const mostHeldMiB = 16;
const mostNetdMiB = 48;

describe(`the ports of a box on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  let published: number;
  beforeAll(async () => {
    box = await createdBox(runtime, { network: { allow: ['127.0.0.1'] }, ports: [{ guest: 8080, bind: '127.0.0.2' }] });
    published = (await box.info()).ports[0]?.host ?? 0;
  });

  /** A server in the guest for one connection, which the program has as its input and output. */
  async function serving(port: number, program: string): Promise<void> {
    await box.fs.writeFile('/serve', `#!/bin/sh\n${program}\n`, { mode: 0o755 });
    await box.exec(
      `nc -l -p ${port} -e /serve </dev/null >/dev/null 2>&1 & until netstat -ltn | grep -q ':${port} '; do :; done`,
      {
        check: true,
        timeoutMs: scaled(20_000),
      },
    );
  }

  test('are open where bind says, and nowhere else', async () => {
    expect((await box.info()).ports).toEqual([{ guest: 8080, host: published, bind: '127.0.0.2', protocol: 'tcp' }]);
    await serving(8080, 'echo hello');
    await expect(textFrom(connect(published, '127.0.0.1'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await textFrom(connect(published, '127.0.0.2'))).toBe('hello\n');

    await using forward = await box.forward(8081, { bind: '0.0.0.0' });
    expect(forward.bind).toBe('0.0.0.0');
    await serving(8081, 'echo forwarded');
    expect(await textFrom(connect(forward.host, '127.0.0.3'))).toBe('forwarded\n');
  });

  test('are refused on an address that the host has not', async () => {
    await expect(box.forward(80, { bind: '203.0.113.1' })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('the host has no such address'),
    });
  });

  test('that somebody else holds over UDP fail the box, and the error says who it is', async () => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address();
    await expect(createdBox(runtime, { ports: [{ guest: 53, host: port, protocol: 'udp' }] })).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringMatching(new RegExp(`port ${port} is in use, by .*\\(pid ${process.pid}\\)`)),
    });
    holder.close();
  });

  test.each(['published', 'forwarded'])('%s, take the end of what a client says, and answer after it', async (kind) => {
    await using forward = await box.forward(8080);
    await serving(8080, 'wc -c');
    const socket = kind === 'published' ? connect(published, '127.0.0.2') : connect(forward.host, '127.0.0.1');
    socket.end(Buffer.alloc(3 * MIB));
    expect((await textFrom(socket)).trim()).toBe(String(3 * MIB));
  });

  test('end what the guest says at the host, which answers after it', async () => {
    const server = createServer({ allowHalfOpen: true }, async (socket) => {
      const text = await heardFrom(socket);
      socket.end(`heard ${text.length}\n`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { stdout } = await box.exec(`head -c 1000000 /dev/zero | nc 192.168.127.254 ${port}`);
    expect(stdout).toBe('heard 1000000\n');
    server.close();
  });

  test.each(['published', 'forwarded'])(
    '%s, hold a client back while the guest does not read, and lose nothing',
    async (kind) => {
      await using forward = await box.forward(8080);
      await box.exec('rm -f /go; mkfifo /go', { check: true });
      await serving(8080, 'read _ < /go; wc -c');
      const socket = kind === 'published' ? connect(published, '127.0.0.2') : connect(forward.host, '127.0.0.1');
      let taken = 0;
      for (let left = manyMiB * MIB; left > 0; left -= chunk.length) {
        socket.write(chunk, () => {
          taken += chunk.length;
        });
      }
      socket.end();
      const answer = textFrom(socket);
      expect(await settled(() => taken)).toBeLessThan(mostHeldMiB * MIB);
      expect(residentMiB(netdOf(box))).toBeLessThan(mostNetdMiB);
      await box.exec('echo > /go');
      expect((await answer).trim()).toBe(String(manyMiB * MIB));
    },
  );

  test('hold the guest back while a client does not read, and lose nothing', async () => {
    await serving(8080, `dd if=/dev/zero bs=65536 count=${(manyMiB * MIB) / 65536} 2>/dev/null`);
    const socket = connect(published, '127.0.0.2').pause();
    const sent = async () => {
      const { stdout } = await box.exec('cat /sys/class/net/eth0/statistics/tx_bytes');
      return Number(stdout);
    };
    const before = await sent();
    expect((await settled(sent)) - before).toBeLessThan(mostHeldMiB * MIB);
    expect(residentMiB(netdOf(box))).toBeLessThan(mostNetdMiB);
    let heard = 0;
    for await (const chunk of socket) heard += (chunk as Buffer).length;
    expect(heard).toBe(manyMiB * MIB);
  });
});

async function textFrom(socket: Socket): Promise<string> {
  const text = await heardFrom(socket);
  socket.destroy();
  return text;
}

async function heardFrom(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'end');
  return text;
}

/** A number that has risen, and does not change over some looks any more. */
async function settled(look: () => number | Promise<number>): Promise<number> {
  let last = -1;
  let same = 0;
  for (const end = Date.now() + scaled(30_000); same < 5; ) {
    if (Date.now() > end) throw new Error(`It still changes: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = await look();
    same = now === last && now > 0 ? same + 1 : 0;
    last = now;
  }
  return last;
}

function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
