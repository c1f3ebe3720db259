import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Runtime } from '../../lib/index';
import { linkNatives, putAgentDisk } from '../helpers/agent-disk';
import { busyboxImage } from '../helpers/images';
import { findLeftovers } from '../helpers/leftovers';
import { engine, homeOf, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

// The product's own files with another agent in the place of ours: the guests of this file do not speak the protocol.
const work = mkdtempSync(join(tmpdir(), 'boxlite-guests-'));
linkNatives(work);
process.env.BOXLITE_NATIVE_DIR = work;

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe(`a guest on ${engine}`, () => {
  let runtime: Runtime;
  beforeEach(() => {
    runtime = tempRuntime();
  });
  afterEach(() => expect(findLeftovers(homeOf(runtime)).filter((trace) => !trace.includes('boxlite.db'))).toEqual([]));

  test('that never says hello ends in boot-timeout with its console, within bootTimeoutMs', async () => {
    putAgentDisk(work, 'echo I am mute; exec /busybox sleep 100000');
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
    putAgentDisk(work, 'echo I am leaving; exit 1');
    const error = await create(runtime, scaled(60_000));
    expect(error).toMatchObject({
      code: 'boot-failed',
      hint: expect.stringMatching(/\w/),
      consoleTail: expect.stringContaining('I am leaving'),
    });
  });

  test('that has no agent at all ends in boot-failed, naming the panic', async () => {
    putAgentDisk(work, null);
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
