import { inspect } from 'node:util';
import { Collector } from '../../../lib/exec/collect';
import type { CommandExit } from '../../../lib/exec/command';
import { execFailed, execResult } from '../../../lib/exec/result';

const exit = (exitCode: number | null, signal: number | null): CommandExit => ({
  exitCode,
  signal,
  oomKilled: false,
  durationMs: 5,
  cpuMs: 2,
  peakMemoryBytes: 4096,
});
const uncut = { timedOut: false, aborted: false };

function collected(...chunks: (string | number[])[]): Collector {
  const collector = new Collector(1024, 'both');
  for (const chunk of chunks) collector.add(Buffer.from(chunk as string));
  return collector;
}

describe('the result of a command', () => {
  test.each([
    [exit(0, null), uncut, true],
    [exit(0, null), { timedOut: true, aborted: false }, false],
    [exit(0, null), { timedOut: false, aborted: true }, false],
    [exit(1, null), uncut, false],
    [exit(null, 9), uncut, false],
    [null, uncut, false],
    [null, { timedOut: true, aborted: false }, false],
  ])('%j, cut %j, is ok: %s', (end, cut, ok) => {
    expect(execResult(end, null, null, [], cut)).toMatchObject({ ok, ...cut });
  });

  test('has a signal by its name in place of an exit code', () => {
    expect(execResult(exit(null, 36), null, null, [], uncut)).toMatchObject({ exitCode: null, signal: 'SIGRTMIN+2' });
    expect(execResult(exit(3, null), null, null, [], uncut)).toMatchObject({ exitCode: 3, signal: null });
  });

  test('is decoded once over the whole stream, whatever its chunks were, and its bytes are what came', () => {
    const torn = collected([0xef, 0xbb, 0xbf, 0xc3], [0xbc, 0xf0, 0x9f], [0x98, 0x80, 0xff], 'end');
    const { stdout, stdoutBytes, stderr } = execResult(exit(0, null), torn, null, [], uncut);
    expect([stdout, stderr]).toEqual(['\uFEFFü\u{1F600}\uFFFDend', '']);
    expect([...stdoutBytes]).toEqual([0xef, 0xbb, 0xbf, 0xc3, 0xbc, 0xf0, 0x9f, 0x98, 0x80, 0xff, 0x65, 0x6e, 0x64]);
  });

  test('text that is large is there like any other, also in a copy, and decoded once', () => {
    const collector = new Collector(1 << 20, 'both');
    for (let n = 0; n < 400; n++) collector.add(Buffer.from('ü'.repeat(500)));
    const result = execResult(exit(0, null), collector, null, [], uncut);
    const text = 'ü'.repeat(200_000);
    expect(Object.keys(result)).toContain('stdout');
    expect(inspect(result, { maxStringLength: 3 })).toContain("stdout: 'üüü'... 199997 more characters");
    expect(structuredClone(result).stdout).toBe(text);
    expect(result.stdout).toBe(text);
    expect(Object.getOwnPropertyDescriptor(result, 'stdout')?.get).toBeUndefined();
    expect({ ...result }).toMatchObject({ stdout: text, ok: true });
  });

  test('a command that was cut off before its end is known has what was read', () => {
    expect(execResult(null, collected('so far'), collected('err'), [], { timedOut: false, aborted: true })).toEqual({
      exitCode: null,
      signal: null,
      ok: false,
      timedOut: false,
      aborted: true,
      oomKilled: false,
      durationMs: 0,
      stdout: 'so far',
      stderr: 'err',
      stdoutBytes: Buffer.from('so far'),
      stderrBytes: Buffer.from('err'),
      dropped: { stdout: 0, stderr: 0 },
      denied: [],
      usage: { cpuMs: 0, peakMemoryBytes: 0 },
    });
  });
});

test.each<[string | string[], CommandExit, string, string]>([
  ['false', exit(1, null), '', "The command 'false' exited with 1"],
  [['ls', '/x y'], exit(2, null), 'a\nls: no /x y\n\n', "The command 'ls /x y' exited with 2: ls: no /x y"],
  ['kill', exit(null, 15), 'last\n', "The command 'kill' was ended by SIGTERM: last"],
  [
    'x'.repeat(300),
    exit(1, null),
    'y'.repeat(300),
    `The command '${'x'.repeat(200)}…' exited with 1: ${'y'.repeat(200)}…`,
  ],
])('the failure of %j has the code exec-failed, and says how it ended', (command, end, stderr, message) => {
  const result = execResult(end, null, collected(stderr), [], uncut);
  expect(execFailed(command, result, 'b1')).toMatchObject({ code: 'exec-failed', message, box: 'b1', partial: result });
});
