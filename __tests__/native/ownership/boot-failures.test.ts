import { existsSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Runtime } from '../../../lib/index';
import { cgroupSupport } from '../../../lib/ownership/cgroup';
import { readArgv, readParent } from '../../../lib/ownership/identity';
import { findBoxProcesses } from '../../../lib/ownership/probe';
import { tempHome } from '../../helpers/homes';
import { busyboxImage } from '../../helpers/images';
import { findLeftovers } from '../../helpers/leftovers';
import { scaled } from '../../helpers/speed';
import { cleanUp, stateOf, until } from '../support';
import { type Behaviour, putInQemusPlace } from './machines';

const withinMs = scaled(2000);
const image = { layout: busyboxImage() };

afterEach(cleanUp);

/** One way in which a boot fails: how its machine behaves, and what is done to it meanwhile. */
interface Case {
  what: string;
  code: string;
  behaviour: Behaviour;
  bootTimeoutMs?: number;
  before?: (home: string) => Promise<void>;
  during?: (home: string, abort: () => void) => Promise<unknown>;
}

const cases: Case[] = [
  { what: 'its image disk is empty', code: 'image-invalid', behaviour: 'never says hello', before: emptyImageDisk },
  { what: 'its machine ends at once', code: 'boot-failed', behaviour: 'ends at once' },
  { what: 'its machine is killed', code: 'boot-failed', behaviour: 'is killed by a signal' },
  { what: 'no hello comes', code: 'boot-timeout', behaviour: 'never says hello', bootTimeoutMs: scaled(500) },
  { what: 'nonsense comes', code: 'boot-failed', behaviour: 'talks nonsense to the shim' },
  { what: 'the channel is closed', code: 'boot-failed', behaviour: 'closes its channel and stays' },
  { what: 'its shim is killed', code: 'boot-failed', behaviour: 'never says hello', during: killShim },
  {
    what: 'its caller gives up',
    code: 'aborted',
    behaviour: 'never says hello',
    during: async (home, abort) => machineOf(home).then(abort),
  },
];
const memoryMiB = (n: number) => 128 + n;

test(
  'P3 K4 S6: 8 boxes whose boots fail at 8 different steps leave no zombie, process, cgroup, link or directory within 2 s',
  async () => {
    putInQemusPlace(new Map(cases.map(({ behaviour }, n) => [memoryMiB(n), behaviour])));
    const homes = cases.map(() => tempHome());
    await Promise.all(cases.map(async ({ before }, n) => before?.(String(homes[n]))));
    const failures = await Promise.all(cases.map((fails, n) => failureOf(fails, n, String(homes[n]))));
    const failedAt = performance.now();
    expect(failures.map(({ code }, n) => `${cases[n]?.what}: ${code}`)).toEqual(
      cases.map(({ what, code }) => `${what}: ${code}`),
    );
    const boxes = failures.map(({ box }) => String(box));
    const left = () => [
      ...zombies(),
      ...boxes.flatMap(findBoxProcesses),
      ...boxes.filter((id) => existsSync(join(String(cgroupSupport().base), id))),
      ...homes.flatMap((home) => findLeftovers(home)),
    ];
    await until('nothing is left', () => left().length === 0, withinMs).catch(() => {});
    expect([left(), performance.now() - failedAt < withinMs]).toEqual([[], true]);
  },
  scaled(60_000),
);

async function failureOf(fails: Case, n: number, home: string): Promise<{ code: string; box?: string }> {
  await using runtime = new Runtime({ home, engine: 'qemu' });
  const controller = new AbortController();
  let meanwhile: Promise<unknown> | undefined;
  const onProgress = ({ phase }: { phase: string }) => {
    if (phase === 'boot') meanwhile = fails.during?.(home, () => controller.abort());
  };
  const { bootTimeoutMs = scaled(30_000) } = fails;
  const creating = runtime.createBox(
    { image, memoryMiB: memoryMiB(n), bootTimeoutMs },
    { signal: controller.signal, onProgress },
  );
  const failure = await creating.then(
    () => ({ code: 'none, it booted' }),
    (error: { code: string; box?: string }) => error,
  );
  await meanwhile;
  return failure;
}

async function emptyImageDisk(home: string): Promise<void> {
  await using runtime = new Runtime({ home, engine: 'qemu' });
  const controller = new AbortController();
  // Up to the boot, by which time the image's disk is there.
  const onProgress = ({ phase }: { phase: string }) => {
    if (phase === 'boot') controller.abort();
  };
  const creating = runtime.createBox({ image }, { signal: controller.signal, onProgress });
  await expect(creating).rejects.toMatchObject({ code: 'aborted' });
  const disks = join(home, 'images', 'disks');
  for (const name of readdirSync(disks).filter((file) => file.endsWith('.ext4'))) truncateSync(join(disks, name), 0);
}

async function killShim(home: string): Promise<void> {
  const { shim } = await machineOf(home);
  process.kill(shim, 'SIGKILL');
}

/** Once the machine of the home's only box runs: the pid of its shim. */
async function machineOf(home: string): Promise<{ shim: number }> {
  const found = () => readdirSync(join(home, 'boxes')).flatMap(findBoxProcesses);
  await until('the machine runs', () => found().some(({ argv }) => argv.includes('-m')), scaled(10_000));
  const shim = found().find(({ argv }) => argv[0]?.endsWith('/boxlite-shim'));
  return { shim: Number(shim?.pid) };
}

/** Children of this process that have ended and that nobody has reaped. */
function zombies(): string[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && readParent(pid) === process.pid && stateOf(pid) === 'Z')
    .map((pid) => `zombie ${pid} ${readArgv(pid)}`);
}
