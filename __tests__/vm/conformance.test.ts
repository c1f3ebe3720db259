import type { Box, ExecResult } from '../../lib/index';
import { signalNumber } from '../../lib/options';
import { conforming } from '../helpers/conforming';
import { busyboxImage } from '../helpers/images';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { type Conforming, type Outcome, runSandboxed, unpackedRoot } from '../helpers/sandboxed';

// What a box gives a command of root, beside the image's own: docs/semantics.md.
const env = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  USER: 'root',
  LOGNAME: 'root',
};
const atOnce = 4;

describe(`commands on ${engine}, each beside the same in a container on this machine`, () => {
  const runtime = tempRuntime();
  const outcomes = new Map<Conforming, { expected: Outcome; result: ExecResult }>();

  beforeAll(async () => {
    const box = await createdBox(runtime);
    const root = unpackedRoot(busyboxImage());
    const left = [...conforming];
    const work = async () => {
      for (let one = left.shift(); one; one = left.shift()) outcomes.set(one, await both(box, root.path, one));
    };
    try {
      await Promise.all(Array.from({ length: atOnce }, work));
    } finally {
      root.remove();
    }
  });

  test('are at least 80', () => {
    expect(conforming.length).toBeGreaterThanOrEqual(80);
  });

  test.each(conforming.map((one) => [JSON.stringify(one.command).slice(0, 60), one] as const))('%s', (_, one) => {
    const { expected, result } = outcomes.get(one) ?? fail();
    const { exitCode, signal, stdoutBytes, stderrBytes } = result;
    const code = signal === null ? exitCode : 128 + signalNumber(signal);
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    expect({ code, stdout: text(stdoutBytes), stderr: text(stderrBytes) }).toEqual(expected);
    expect(signal !== null).toBe(one.dies ?? false);
  });
});

async function both(box: Box, root: string, one: Conforming): Promise<{ expected: Outcome; result: ExecResult }> {
  const [expected, result] = await Promise.all([
    runSandboxed(root, env, one),
    box.exec(one.command, one.stdin === undefined ? {} : { stdin: one.stdin }),
  ]);
  return { expected, result };
}

function fail(): never {
  throw new Error('it was not run');
}
