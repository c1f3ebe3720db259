import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Box, Runtime } from '../../lib/index';
import { nativeFile } from '../../lib/native/load';
import { shimArgv } from '../../lib/ownership/argv';
import { cgroupSupport, sweepCgroups } from '../../lib/ownership/cgroup';
import { findBoxProcesses } from '../../lib/ownership/index';
import { BoxSockets } from '../../lib/ownership/sockets';
import { readExitRecord } from '../../lib/shim/exit-record';
import { openStore } from '../../lib/store/open';
import { tempHome } from '../helpers/homes';
import { busyboxImage } from '../helpers/images';
import { findLeftovers } from '../helpers/leftovers';
import { inOwnMounts } from '../helpers/namespaces';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';
import { cleanUp, runProgramBehind, startProgram, until } from '../native/support';

const { base } = cgroupSupport();
const cgroupOf = (id: string) => join(String(base), id);
const linkOf = (home: string, id: string) => new BoxSockets(home, id).linkPath;

afterEach(cleanUp);

describe(`a box on ${engine} in a home 300 bytes deep`, () => {
  const home = join(tempHome(), ...Array.from({ length: 10 }, () => 'd'.repeat(30)));
  const runtime = tempRuntime({ home });
  let box: Box;

  test('S8: boots and runs a command', async () => {
    box = await createdBox(runtime);
    expect(home.length).toBeGreaterThan(300);
    expect((await box.exec(['echo', 'deep'])).stdout).toBe('deep\n');
  });

  test('I1: has a shim, and a VMM of ours, with the path and the id as their whole command line', () => {
    const argvs = findBoxProcesses(box.id).map(({ argv }) => argv);
    expect(argvs).toContainEqual(shimArgv(nativeFile('boxlite-shim'), box.id));
    const vmm = [nativeFile('boxlite-vmm'), box.id];
    expect(argvs).toContainEqual(engine === 'krun' ? vmm : expect.arrayContaining(['-name', box.id]));
  });

  test('I2: shows nothing of a command, its environment or its stdin to the host’s processes', async () => {
    const canary = 'canary-1618033988749894';
    const options = { env: { SECRET: canary }, onStdout: () => seen.push(...searchProcesses(canary)) };
    const seen: string[] = [];
    const result = await box.exec(['/bin/sh', '-c', `cat; echo $SECRET $0`, canary], { ...options, stdin: canary });
    expect(result.stdout).toBe(`${canary}${canary} ${canary}\n`);
    expect(seen).toEqual([]);
    const logs = ['console.log', 'shim.log', 'vmm.log'].map((name) => join(home, 'boxes', box.id, name));
    expect(logs.filter((path) => existsSync(path) && readFileSync(path, 'latin1').includes(canary))).toEqual([]);
  });

  test(`K3: has all its processes in its cgroup, ${base === null ? 'of which there is none here' : 'where there is one, as here'}`, () => {
    const cgroups = findBoxProcesses(box.id).map(({ pid }) => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
    expect(cgroups.length).toBeGreaterThanOrEqual(2);
    const suffix = new RegExp(`^0::.*/boxlite-\\d+/${box.id}$`, 'm');
    expect(cgroups.map((text) => suffix.test(text))).toEqual(cgroups.map(() => base !== null));
  });

  test('S5: is reached after all links of its user were deleted, by who had opened the home before', async () => {
    await using other = new Runtime({ home, engine });
    await other.getBox(box.id);
    rmSync(join(linkOf(home, box.id), '..'), { recursive: true });
    expect((await other.exec(box.id, ['echo', 'healed'])).stdout).toBe('healed\n');
  });

  test('S5: is reached by a fresh program after all links of its user were deleted', async () => {
    rmSync(join(linkOf(home, box.id), '..'), { recursive: true });
    const script = `
      const [home, engine, id] = process.argv.slice(1);
      const runtime = new (lib('index').Runtime)({ home, engine });
      console.log((await runtime.exec(id, ['echo', 'healed'])).stdout);
      await runtime.close();`;
    expect(await runProgramBehind([], script, home, engine, box.id)).toBe('healed\n\n');
  });

  test(`K2: is removed by force with no pid in its row, no pid file, and no cgroups${inOwnMounts ? '' : ' but what this user has'}`, async () => {
    const store = await openStore(home);
    await store.boxes.patch(box.id, { shimPid: null, shimStartTicks: null, shimBootId: null });
    await store.close();
    rmSync(join(home, 'boxes', box.id, 'shim.pid'));
    const script = `
      const [home, engine, id] = process.argv.slice(1);
      const runtime = new (lib('index').Runtime)({ home, engine });
      console.log(lib('ownership/cgroup').cgroupSupport().base, await runtime.remove(id, { force: true }));
      await runtime.close();`;
    const said = await runProgramBehind(inOwnMounts ? withoutCgroups : [], script, home, engine, box.id);
    expect(said).toBe(`${inOwnMounts ? null : base} true\n`);
    expect(findBoxProcesses(box.id)).toEqual([]);
    // Where the tree could not be seen, the empty cgroup is still there.
    expect(findLeftovers(home).filter((trace) => !trace.startsWith('cgroup'))).toEqual([]);
  });

  test('K4: leaves an empty cgroup behind at most, which is swept', async () => {
    const others = base === null || !existsSync(base) ? [] : readdirSync(base).filter((name) => name !== box.id);
    await sweepCgroups((id) => others.includes(id));
    expect(existsSync(cgroupOf(box.id))).toBe(false);
  });
});

describe(`a box on ${engine} whose program is killed`, () => {
  const home = tempHome();
  const runtime = tempRuntime({ home });
  let id = '';

  test('K6: ends gracefully, with a reason and a clean disk', async () => {
    const script = `
      const [home, engine, layout] = process.argv.slice(1);
      const runtime = new (lib('index').Runtime)({ home, engine });
      const box = await runtime.createBox({ image: { layout }, memoryMiB: 256 });
      await box.exec('echo kept > /root/file', { check: true });
      console.log(box.id);
      setInterval(() => {}, 1000);`;
    const program = await startProgram(script, home, engine, busyboxImage());
    id = readdirSync(join(home, 'boxes'))[0] ?? '';
    expect(findBoxProcesses(id).length).toBeGreaterThanOrEqual(2);
    program.kill('SIGKILL');
    await until('the box has ended', () => findBoxProcesses(id).length === 0, scaled(30_000));
    const directory = join(home, 'boxes', id);
    expect(await readExitRecord(join(directory, 'exit.json'))).toMatchObject({ reason: 'host-exit' });
    expect(diskState(join(directory, 'disk.ext4'))).not.toContain('needs_recovery');
  });

  test('K6: starts again without replaying a journal, and has all that was written', async () => {
    const box = await runtime.start(id);
    expect((await box.exec(['cat', '/root/file'])).stdout).toBe('kept\n');
    expect((await box.exec(['dmesg'])).stdout).not.toMatch(/recovery complete|recovering journal/);
  });

  test('K4 S6: takes its cgroup and its link with it when it is removed', async () => {
    expect([existsSync(cgroupOf(id)), existsSync(linkOf(home, id))]).toEqual([base !== null, true]);
    expect(await runtime.remove(id, { force: true })).toBe(true);
    expect([existsSync(cgroupOf(id)), existsSync(linkOf(home, id))]).toEqual([false, false]);
    expect(findLeftovers(home)).toEqual([]);
  });
});

/** Runs the rest of its arguments where no cgroup v2 tree is mounted. */
const withoutCgroups = [
  ...(inOwnMounts ?? []),
  '/bin/sh',
  '-ec',
  `grep ' - cgroup2 ' /proc/self/mountinfo | cut -d' ' -f5 | while read -r point; do umount -l "$point"; done; exec "$@"`,
  'sh',
];

function diskState(disk: string): string {
  return execFileSync('dumpe2fs', ['-h', disk], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** The processes but this one that have the text in their command line or environment. */
function searchProcesses(text: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
    .filter((path) => readOrNothing(path).includes(text));
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
