import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Box } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

const mib = 1024 * 1024;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What this process really holds: when garbage is collected is V8's own choice. */
function heldByClient(): number {
  // The second waits for what the first still sweeps.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const rss = (status: string) => Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;

describe(`what commands leave behind on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  let shim: number;
  beforeAll(async () => {
    box = await createdBox(runtime, { memoryMiB: 256 });
    shim = (await box.info()).shimPid ?? 0;
  });

  /** What client, shim and agent hold now. */
  async function held() {
    const agent = 'cat /proc/1/status; ls /proc/1/fd | wc -l; ls -d /sys/fs/cgroup/c/*/ | wc -l';
    const { stdout } = await box.exec(agent, { check: true });
    const [fds, cgroups] = stdout.trim().split('\n').slice(-2).map(Number);
    return {
      memory: {
        client: heldByClient(),
        shim: rss(readFileSync(`/proc/${shim}/status`, 'utf8')),
        agent: rss(stdout),
      },
      counts: {
        client: readdirSync('/proc/self/fd').length,
        shim: readdirSync(`/proc/${shim}/fd`).length,
        fds,
        cgroups,
      },
    };
  }

  test('an unread command holds nothing but its credit, in client, shim and agent', async () => {
    const before = await held();
    const unread = await box.spawn('yes');
    await using _ = await box.spawn('yes', { tty: true });
    // Whatever would fill up has time to: these go through the same client, shim and agent.
    for (let n = 0; n < 30; n++) await box.exec('true');
    const after = await held();
    for (const who of ['client', 'shim', 'agent'] as const)
      expect([who, after.memory[who] - before.memory[who] < 8 * mib]).toEqual([who, true]);
    await unread.kill('SIGKILL');
    await unread.wait();
  });

  test('64 MiB pass through maxOutputBytes of 1 MiB without being held', async () => {
    const before = heldByClient();
    let most = 0;
    let [seen, looked] = [0, 0];
    const onStdout = (chunk: Uint8Array) => {
      seen += chunk.length;
      if (seen - looked < 4 * mib) return;
      looked = seen;
      most = Math.max(most, heldByClient() - before);
    };
    const options = { maxOutputBytes: mib, onStdout };
    const result = await box.exec('head -c 64m /dev/zero', options);
    expect(result.stdoutBytes).toHaveLength(mib);
    expect(result.dropped.stdout).toBe(63 * mib);
    expect(looked).toBeGreaterThan(50 * mib);
    expect(most).toBeLessThan(16 * mib);
  });

  test('200 commands leave no descriptor, cgroup or memory', async () => {
    const round = async (commands: number) => {
      for (let left = commands; left > 0; left -= 10)
        await Promise.all(Array.from({ length: 10 }, () => box.exec('echo x | cat; sleep 0.01 &')));
      while ((await box.exec('pidof sleep')).ok) {}
    };
    await round(40);
    const before = await held();
    await round(200);
    const after = await held();
    expect(after.counts).toEqual(before.counts);
    expect(after.memory.agent - before.memory.agent).toBeLessThan(mib / 4);
    expect(after.memory.shim - before.memory.shim).toBeLessThan(mib / 4);
  });

  test('a detached command that nobody reads keeps 1 MiB of each stream, and no more', async () => {
    const before = await held();
    const job = await box.spawn('head -c 32m /dev/zero; head -c 32m /dev/zero >&2; echo up; sleep 1000', {
      detached: true,
    });
    const joined = await box.attach(job.id, { since: { stdout: 32 * mib } });
    expect(await joined.waitForLog('up')).toBe('up');
    const after = await held();
    expect(after.memory.agent - before.memory.agent).toBeLessThan(4 * mib);
    await job.kill('SIGKILL');
  });
});
