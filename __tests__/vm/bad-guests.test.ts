import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Runtime } from '../../lib/index';
import { busyboxImage } from '../helpers/images';
import { findLeftovers } from '../helpers/leftovers';
import { engine, homeOf, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

// The product's own files with another agent in the place of ours: the guests of this file do not speak the protocol.
const natives = process.env.BOXLITE_NATIVE_DIR ?? join(__dirname, '..', '..', 'out', 'native');
const work = mkdtempSync(join(tmpdir(), 'boxlite-guests-'));
process.env.BOXLITE_NATIVE_DIR = work;

beforeAll(() => {
  for (const name of readdirSync(natives))
    if (name !== 'agent.ext4') symlinkSync(join(natives, name), join(work, name));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe(`a guest on ${engine}`, () => {
  let runtime: Runtime;
  beforeEach(() => {
    runtime = tempRuntime();
  });
  afterEach(() => expect(findLeftovers(homeOf(runtime)).filter((trace) => !trace.includes('boxlite.db'))).toEqual([]));

  test('that never says hello ends in boot-timeout with its console, within bootTimeoutMs', async () => {
    agentDisk('echo I am mute; exec /busybox sleep 100000');
    const bootTimeoutMs = scaled(8_000);
    let began = 0;
    const error = await create(runtime, bootTimeoutMs, () => {
      began = performance.now();
    });
    expect(performance.now() - began).toBeLessThan(bootTimeoutMs + scaled(2_000));
    expect(error).toMatchObject({
      code: 'boot-timeout',
      hint: expect.stringMatching(/\w/),
      consoleTail: expect.stringContaining('I am mute'),
    });
  });

  test('whose agent dies ends in boot-failed with its console, at once', async () => {
    agentDisk('echo I am leaving; exit 1');
    const error = await create(runtime, scaled(60_000));
    expect(error).toMatchObject({
      code: 'boot-failed',
      hint: expect.stringMatching(/\w/),
      consoleTail: expect.stringContaining('I am leaving'),
    });
  });

  test('that has no agent at all ends in boot-failed, naming the panic', async () => {
    agentDisk(null);
    const error = await create(runtime, scaled(60_000));
    expect(error).toMatchObject({ code: 'boot-failed', consoleTail: expect.stringContaining('Kernel panic') });
  });
});

/** `onBoot` is called when the boot begins: the image is made before it, and its time is not the boot's. */
function create(runtime: Runtime, bootTimeoutMs: number, onBoot: () => void = () => {}): Promise<unknown> {
  const options = { image: { layout: busyboxImage() }, memoryMiB: 256, bootTimeoutMs };
  const onProgress = ({ phase }: { phase: string }) => {
    if (phase === 'boot') onBoot();
  };
  return runtime.createBox(options, { onProgress }).catch((error: unknown) => error);
}

/** An agent disk whose /agent is that shell script, or that has none. */
function agentDisk(script: string | null): void {
  const tree = mkdtempSync(join(tmpdir(), 'boxlite-agent-'));
  for (const name of ['dev', 'proc', 'sys']) mkdirSync(join(tree, name));
  copyFileSync('/bin/busybox', join(tree, 'busybox'));
  if (script !== null) {
    writeFileSync(join(tree, 'agent'), `#!/busybox sh\n${script}\n`);
    chmodSync(join(tree, 'agent'), 0o755);
  }
  const disk = join(work, 'agent.ext4');
  rmSync(disk, { force: true });
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', tree, disk, '8M'], { env, stdio: 'pipe' });
  rmSync(tree, { recursive: true });
}
