import type { Box, EgressDenied } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

describe(`denials on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    box = await createdBox(runtime, { network: { allow: [] } });
  });
  const hosts = (denied: { host?: string; ip: string }[]) => denied.map(({ host, ip }) => host ?? ip).sort();

  test('are told of the command that made them, and of no other that ran meanwhile', async () => {
    const commands = Array.from({ length: 8 }, (_, index) =>
      box.exec(`wget -q -O - http://203.0.113.${index}/; wget -q -O - http://name-${index}.test/`),
    );
    const quiet = box.exec('for i in 1 2 3 4 5 6 7 8; do cat /proc/net/dev > /dev/null; done');
    for (const [index, { denied }] of (await Promise.all(commands)).entries()) {
      expect(denied.map(({ protocol }) => protocol)).toEqual(expect.arrayContaining(['tcp', 'dns']));
      expect(new Set(hosts(denied))).toEqual(new Set([`203.0.113.${index}`, `name-${index}.test`]));
    }
    expect((await quiet).denied).toEqual([]);
  });

  test('of datagrams are told as well', async () => {
    const events = runtime.events({ box, types: ['egress-denied'] });
    await using sending = await box.spawn('tftp -g -r x 203.0.113.10 & read line; kill $!');
    for await (const { denied } of events as AsyncIterable<{ denied?: EgressDenied }>) {
      if (denied?.protocol === 'udp') break;
    }
    await sending.stdin.getWriter().write('end\n');
    expect((await sending.wait()).denied).toEqual([
      expect.objectContaining({ ip: '203.0.113.10', port: 69, protocol: 'udp' }),
    ]);
  });

  test("of a process that its command let go of, in a cgroup of its own, are still its command's", async () => {
    const own =
      'mkdir /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/own && echo 0 > /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/own/cgroup.procs';
    const { denied, stderr } = await box.exec(`setsid sh -c '${own}; wget -q -O - http://203.0.113.20/; true' & wait`);
    expect({ hosts: hosts(denied), stderr }).toEqual({
      hosts: ['203.0.113.20'],
      stderr: expect.stringContaining('refused'),
    });
  });

  test('of a detached command are told to whoever joins it later', async () => {
    const spawned = await box.spawn('wget -q -O - http://203.0.113.30/; read line', { detached: true });
    const both = await box.attach(spawned.id);
    await box.exec('wget -q -O - http://203.0.113.31/');
    await spawned[Symbol.asyncDispose]();
    await using joined = await box.attach(spawned.id);
    await joined.stdin.getWriter().write('end\n');
    expect(hosts((await joined.wait()).denied)).toEqual(['203.0.113.30']);
    expect(hosts((await both.wait()).denied)).toEqual(['203.0.113.30']);
    const ended = await box.attach(spawned.id);
    expect(hosts((await ended.wait()).denied)).toEqual(['203.0.113.30']);
  });

  test('are told of a command that was cut off, too', async () => {
    const timeoutMs = scaled(2_000);
    const running = box.exec('wget -q -O - http://203.0.113.40/; sleep 1000', { timeoutMs });
    await expect(running).rejects.toMatchObject({
      code: 'exec-timeout',
      partial: { denied: [expect.objectContaining({ ip: '203.0.113.40' })] },
    });
  });
});
