import { checkExec, checkSpawn } from '../../../lib/options';
import { allBut, messageOf, refusalOf, samples } from './refusal';

const exec = (options: unknown) => checkExec(['true'], options);
const spawn = (options: unknown) => checkSpawn(['true'], options);
const shared = { env: {}, maxOutputBytes: 16 * 1024 * 1024, keep: 'both', killSignal: 15, killGraceMs: 2000 };

test('a command alone gets the defaults', () => {
  expect(checkExec('true', undefined)).toEqual({ command: 'true', ...shared, check: false });
  expect(checkSpawn(['true'], {})).toEqual({ command: ['true'], ...shared, detached: false });
});

test('every option is kept as it was given', () => {
  const options = {
    signal: new AbortController().signal,
    timeoutMs: 5,
    cwd: '/tmp',
    env: { A: null, B: '' },
    user: '0:0',
    maxOutputBytes: 0,
    keep: 'tail',
    killGraceMs: 0,
  };
  const streams = { stdin: 'x', check: true, onStdout: () => {}, onStderr: () => {} };
  expect(exec({ ...options, ...streams, killSignal: 'SIGINT' })).toEqual({
    command: ['true'],
    ...options,
    ...streams,
    killSignal: 2,
  });
  expect(spawn({ ...options, killSignal: 'SIGRTMIN+2' })).toEqual({
    command: ['true'],
    ...options,
    killSignal: 36,
    detached: false,
  });
});

describe('wrong types', () => {
  const accepted: Record<string, string[]> = {
    signal: [],
    timeoutMs: ['a number'],
    cwd: [],
    env: [],
    user: ['a string'],
    maxOutputBytes: [],
    keep: [],
    killSignal: [],
    killGraceMs: ['a number'],
    limits: ['an object'],
  };
  const ofExec = { stdin: ['a string'], check: ['a boolean'], onStdout: ['a function'], onStderr: ['a function'] };
  const ofSpawn = { tty: ['a boolean', 'an object'], detached: ['a boolean'], name: ['a string'] };
  const cases = (more: Record<string, string[]>) =>
    Object.entries({ ...accepted, ...more }).flatMap(([option, types]) =>
      allBut(...types).map(([type, value]) => [option, type, value] as const),
    );

  test.each(cases(ofExec))('%s of exec refuses %s, and says which option it was', (option, _, value) => {
    expect(messageOf(() => exec({ [option]: value }))).toContain(option);
  });
  test.each(cases(ofSpawn))('%s of spawn refuses %s, and says which option it was', (option, _, value) => {
    expect(messageOf(() => spawn({ [option]: value }))).toContain(option);
  });
});

describe.each([
  ['exec', exec],
  ['spawn', spawn],
])('%s', (method, check) => {
  test.each<[Record<string, unknown>, string]>([
    [
      { timeoutMs: 0 },
      'Expected a number of milliseconds above 0 and at most 2147483647 for timeoutMs but received 0 (number)',
    ],
    [
      { timeoutMs: 2 ** 31 },
      'Expected a number of milliseconds above 0 and at most 2147483647 for timeoutMs but received 2147483648 (number)',
    ],
    [
      { killGraceMs: -1 },
      'Expected a number of milliseconds from 0 to 3600000 for killGraceMs but received -1 (number)',
    ],
    [
      { killGraceMs: 3_600_001 },
      'Expected a number of milliseconds from 0 to 3600000 for killGraceMs but received 3600001 (number)',
    ],
    [{ maxOutputBytes: -1 }, 'Expected an integer of 0 or more for maxOutputBytes but received -1 (number)'],
    [{ maxOutputBytes: 1.5 }, 'Expected an integer of 0 or more for maxOutputBytes but received 1.5 (number)'],
    [{ keep: 'first' }, "Expected one of 'head', 'tail' or 'both' for keep but received 'first' (string)"],
    [{ killSignal: 9 }, "Expected a signal name such as 'SIGTERM' for killSignal but received 9 (number)"],
    [
      { user: ':staff' },
      "Expected a user: a name or a uid, either with ':group' or ':gid' for user but received ':staff' (string)",
    ],
    [{ cwd: 'tmp' }, "Expected an absolute path for cwd but received 'tmp' (string)"],
    [{ signal: { aborted: false } }, 'Expected an AbortSignal for signal but received an object'],
    [{ timeout: 5 }, `Unknown option 'timeout' for ${method}`],
  ])('%j is refused', (options, message) => {
    expect(refusalOf(() => check(options))).toMatchObject({ code: 'invalid-argument', message });
  });

  test('takes a signal by its shape', () => {
    const signal = { aborted: true, addEventListener: () => {} };
    expect(check({ signal }).signal).toBe(signal);
  });

  test('an empty limits object asks for nothing', () => {
    expect(check({ limits: { cpus: undefined } })).not.toHaveProperty('limits');
    expect(check({ limits: {} })).not.toHaveProperty('limits');
  });

  test('takes limits within what a kernel takes', () => {
    const limits = { memoryMiB: 64, cpus: 0.5, pids: 20 };
    expect(check({ limits })).toMatchObject({ limits });
    const wrong = [{ memoryMiB: 0 }, { memoryMiB: 0.5 }, { cpus: 0 }, { cpus: 17 }, { cpus: Number.NaN }, { pids: 0 }];
    for (const one of wrong)
      expect(messageOf(() => check({ limits: one }))).toContain(`for ${Object.keys(one)[0]} but received`);
    expect(refusalOf(() => check({ limits: { memoryMib: 1 } }))).toMatchObject({
      message: "Unknown option 'memoryMib' for limits",
      hint: "Did you mean 'memoryMiB'?",
    });
  });
});

describe('spawn', () => {
  test('has a terminal of 80 columns and 24 rows unless another size is given', () => {
    expect(spawn({ tty: true }).tty).toEqual({ cols: 80, rows: 24 });
    expect(spawn({ tty: { cols: 1, rows: 65_535 } }).tty).toEqual({ cols: 1, rows: 65_535 });
    expect(spawn({ tty: false })).not.toHaveProperty('tty');
    for (const size of [{ cols: 80 }, { cols: 0, rows: 1 }, { cols: 1, rows: 65_536 }, { cols: 1.5, rows: 1 }])
      expect(refusalOf(() => spawn({ tty: size })).code).toBe('invalid-argument');
  });

  test('can be detached, and have a name', () => {
    expect(spawn({ detached: true, name: 'job' })).toMatchObject({ detached: true, name: 'job' });
    expect(messageOf(() => spawn({ name: '' }))).toContain('a non-empty name for name');
  });
});

describe('stdin', () => {
  const sources: [string, unknown][] = [
    ['a string', ''],
    ['a string with NUL', 'a\0b'],
    ['a Uint8Array', new Uint8Array(3)],
    ['a Buffer', Buffer.from('x')],
    ['a ReadableStream', new ReadableStream()],
    ['an async generator', (async function* () {})()],
    ['an async iterable', { [Symbol.asyncIterator]: () => {} }],
  ];
  test.each(sources)('takes %s, itself and unread', (_, source) => {
    expect(exec({ stdin: source }).stdin).toBe(source);
  });

  test.each([
    ['a sync iterable', ['x']],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a Float32Array', new Float32Array(1)],
    ['null', null],
  ])('refuses %s', (_, source) => {
    expect(messageOf(() => exec({ stdin: source }))).toMatch(
      /^Expected a string, a Uint8Array, a ReadableStream or an async iterable for stdin but received (an array|an object|null)$/,
    );
  });

  test('refuses a stream that somebody reads, and text that is no UTF-16', () => {
    const stream = new ReadableStream();
    stream.getReader();
    expect(messageOf(() => exec({ stdin: stream }))).toContain('a locked one');
    expect(messageOf(() => exec({ stdin: '\ud800' }))).toContain('a lone surrogate');
  });
});

describe('command', () => {
  test.each<[unknown, string]>([
    [[], 'Expected a string or a non-empty array of strings for command but received an array'],
    [undefined, 'Expected a string or a non-empty array of strings for command but received undefined'],
    [{ 0: 'ls', length: 1 }, 'Expected a string or a non-empty array of strings for command but received an object'],
    [['ls', 1], 'Expected a string for command[1] but received a number'],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    [['ls', , 'x'], 'Expected a string for command[1] but received undefined'],
    [['ls', 'a\0b'], 'Expected a string without NUL for command[1] but received one with a NUL at 1'],
    [
      ['l\udfffs'],
      'Expected a string of whole Unicode characters for command[0] but received one with a lone surrogate',
    ],
    ['a\0', 'Expected a string without NUL for command but received one with a NUL at 1'],
  ])('%j is refused', (command, message) => {
    expect(refusalOf(() => checkExec(command, {}))).toMatchObject({ code: 'invalid-argument', message });
    expect(refusalOf(() => checkSpawn(command, {}))).toMatchObject({ code: 'invalid-argument', message });
  });

  test('every other type is refused', () => {
    for (const [name, value] of Object.entries(samples)) {
      if (name === 'a string' || name === 'an array') continue;
      expect(refusalOf(() => checkExec(value, {})).code).toBe('invalid-argument');
    }
  });

  test('empty texts are fine: an empty script, an empty argument', () => {
    expect(checkExec('', {}).command).toBe('');
    expect(checkExec([''], {}).command).toEqual(['']);
    expect(checkExec(['echo', '', '😀'], {}).command).toEqual(['echo', '', '😀']);
  });

  test('an array is copied', () => {
    const command = ['echo', 'a'];
    const checked = checkExec(command, {});
    command[1] = 'b';
    expect(checked.command).toEqual(['echo', 'a']);
  });

  test('one argument may take 128 KiB with its NUL', () => {
    expect(checkExec(['x'.repeat(131_071)], {}).command).toHaveLength(1);
    expect(checkExec('x'.repeat(131_071), {}).command).toHaveLength(131_071);
    expect(refusalOf(() => checkExec(['echo', 'x'.repeat(131_072)], {}))).toEqual({
      code: 'limit',
      message: 'command[1] takes 131073 bytes, and one string may take 131072',
      hint: 'Pass large data through stdin or a file.',
    });
    expect(messageOf(() => checkExec('x'.repeat(131_072), {}))).toContain('command takes 131073 bytes');
  });

  test('arguments and environment may take 1 MiB together, with their NULs', () => {
    const argv = Array.from({ length: 8 }, () => 'x'.repeat(131_067));
    const rest = 1_048_576 - 8 * 131_068;
    const env = { A: 'x'.repeat(rest - 'A=\0'.length) };
    expect(checkExec(argv, { env }).env).toEqual(env);
    expect(refusalOf(() => checkExec(argv, { env: { A: `${env.A}x` } }))).toMatchObject({
      code: 'limit',
      message: 'Arguments and environment take 1048577 bytes, and all of them together may take 1048576',
    });
    expect(checkExec([...argv, 'x'.repeat(rest - 1)], { env: { A: null } }).env).toEqual({ A: null });
  });
});
