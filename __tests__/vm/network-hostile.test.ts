import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Box } from '../../lib/index';
import { guestFrames } from '../helpers/images';
import { netdOf } from '../helpers/netd';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

const seed = process.env.BOXLITE_NETWORK_SEED ?? '20260611';
// Each frame of a guest in the lab is an exit of an emulated processor: `npm run network` sends all of them there too.
const share = engine === 'qemu' || process.env.BOXLITE_NETWORK_ALL ? 1 : 0.004;
const frames = { fuzz: 50_000, arp: 50_000, dhcp: 20_000, oversized: 1_000, syn: 100_000, open: 20_000 };
const mostFds = 1_200;
const mostMiB = 128;

describe(`a hostile guest on ${engine}, seed ${seed}`, () => {
  const runtime = tempRuntime();
  const web = createServer((_, response) => response.end('hello\n'));
  let hostile: Box;
  let neighbour: Box;
  let port = 0;
  const fetched = async (box: Box) =>
    (await box.exec(`wget -q -O - http://192.168.127.254:${port}/`, { timeoutMs: scaled(30_000) })).stdout;

  beforeAll(async () => {
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    port = (web.address() as AddressInfo).port;
    const network = { allow: [`127.0.0.1:${port}`] };
    [hostile, neighbour] = [await createdBox(runtime, { network }), await createdBox(runtime, { network })];
    await hostile.fs.writeFile('/guestframes', guestFrames(), { mode: 0o755 });
    // So that frames past what is allowed leave the guest.
    await hostile.exec('ip link set eth0 mtu 65535', { check: true });
  }, scaled(60_000));
  afterAll(() => new Promise((resolve) => web.close(resolve)));

  test.each(Object.entries(frames).map(([kind, all]) => [kind, Math.ceil(all * share)] as const))(
    'sends %s frames, %i at full speed, and costs its host little, and its neighbour nothing',
    async (kind, count) => {
      const netds = [netdOf(hostile), netdOf(neighbour)];
      const began = performance.now();
      const what = kind === 'open' ? `open:${port}` : kind;
      const flood = hostile.exec(['/guestframes', what, String(count), seed], { timeoutMs: scaled(100_000) });
      let isOver = false;
      flood
        .catch(() => {})
        .finally(() => {
          isOver = true;
        });
      const most = { fds: 0, miB: 0 };
      let requests = 0;
      do {
        expect(await fetched(neighbour)).toBe('hello\n');
        requests += 1;
        const { fds, miB } = costOf(netds[0] ?? 0);
        Object.assign(most, { fds: Math.max(most.fds, fds), miB: Math.max(most.miB, miB) });
      } while (!isOver);
      expect(await flood).toMatchObject({ exitCode: 0, stdout: `${count}\n` });
      expect(await fetched(hostile)).toBe('hello\n');
      console.log(
        `${count} ${kind} frames in ${Math.round(performance.now() - began)} ms: at most ${most.fds} descriptors and ${most.miB.toFixed(1)} MiB of netd, ${requests} requests of the neighbour`,
      );
      expect(most.fds).toBeLessThan(mostFds);
      expect(most.miB).toBeLessThan(mostMiB);
      expect(netdOf(neighbour)).toBe(netds[1]);
      // It has lived through it: a restart would be the last one.
      expect(netdOf(hostile)).toBe(netds[0]);
    },
    scaled(120_000),
  );
});

/** What a process holds of its host; nothing once it is gone. */
function costOf(pid: number): { fds: number; miB: number } {
  try {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { fds: readdirSync(`/proc/${pid}/fd`).length, miB: Number(resident ?? 0) / 1024 };
  } catch {
    return { fds: 0, miB: 0 };
  }
}
