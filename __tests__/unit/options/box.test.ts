import { resolve } from 'node:path';
import { checkBoxOptions } from '../../../lib/options';
import { allBut, messageOf, refusalOf } from './refusal';

const image = { layout: '/images/busybox' };
const check = (options: Record<string, unknown>) => checkBoxOptions({ image, ...options });

test('an image alone gets the defaults', () => {
  expect(checkBoxOptions({ image })).toEqual({
    image,
    labels: {},
    cpus: 1,
    memoryMiB: 512,
    diskMiB: 4096,
    env: {},
    network: { policy: { mode: 'none' }, dns: [] },
    ports: [],
    detached: false,
    autoRemove: false,
  });
});

test('every option is kept as it was given', () => {
  const options = {
    image: { layout: '/images/x', ref: 'latest' },
    name: 'web-1',
    labels: { team: 'a', empty: '' },
    cpus: 2,
    memoryMiB: 256,
    diskMiB: 64,
    user: 'app:staff',
    cwd: '/srv/app',
    env: { A: '1', __proto___: 'x' },
    hostname: 'web.example',
    bootTimeoutMs: 1500.5,
    detached: true,
    autoRemove: true,
  };
  const network = { policy: { mode: 'none' }, dns: [] };
  expect(checkBoxOptions(options)).toEqual({ ...options, network, ports: [] });
});

describe('wrong types', () => {
  const accepted: Record<string, string[]> = {
    image: ['a string'],
    name: ['a string'],
    labels: [],
    cpus: [],
    memoryMiB: [],
    diskMiB: [],
    user: ['a string'],
    cwd: [],
    env: [],
    hostname: ['a string'],
    bootTimeoutMs: ['a number'],
    mounts: [],
    ports: [],
    network: [],
    secrets: [],
    ready: [],
    idleMs: [],
    maxLifeMs: [],
    detached: ['a boolean'],
    autoRemove: ['a boolean'],
  };
  const cases = Object.entries(accepted).flatMap(([option, types]) =>
    allBut(...types).map(([type, value]) => [option, type, value] as const),
  );
  test.each(cases)('%s refuses %s, and says which option it was', (option, _, value) => {
    const { code, message, hint } = refusalOf(() => checkBoxOptions({ image, [option]: value }));
    expect(['invalid-argument', 'unsupported']).toContain(code);
    expect(message).toContain(option);
    expect(hint).not.toBe('');
  });
});

describe('ranges', () => {
  test.each([
    ['cpus', 1, 16],
    ['memoryMiB', 128, 1_048_576],
    ['diskMiB', 64, 1_048_576],
  ])('%s goes from %d to %d', (option, least, most) => {
    expect(check({ [option]: least })).toHaveProperty(option, least);
    expect(check({ [option]: most })).toHaveProperty(option, most);
    for (const value of [least - 1, most + 1, least + 0.5, -least, 0]) {
      expect(messageOf(() => check({ [option]: value }))).toBe(
        `Expected an integer from ${least} to ${most} for ${option} but received ${value} (number)`,
      );
    }
  });

  test('bootTimeoutMs is above 0 and what a timer can hold', () => {
    expect(check({ bootTimeoutMs: 2 ** 31 - 1 }).bootTimeoutMs).toBe(2 ** 31 - 1);
    for (const value of [0, -1, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(messageOf(() => check({ bootTimeoutMs: value }))).toBe(
        `Expected a number of milliseconds above 0 and at most 2147483647 for bootTimeoutMs but received ${value} (number)`,
      );
    }
  });
});

describe('messages', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ memoryMiB: '512' }, "Expected an integer from 128 to 1048576 for memoryMiB but received '512' (string)"],
    [{ cpus: null }, 'Expected an integer from 1 to 16 for cpus but received null'],
    [{ cpus: 2n }, 'Expected an integer from 1 to 16 for cpus but received 2 (bigint)'],
    [{ cwd: 'srv' }, "Expected an absolute path for cwd but received 'srv' (string)"],
    [{ cwd: '' }, "Expected an absolute path for cwd but received '' (string)"],
    [{ cwd: '/a\0b' }, 'Expected a string without NUL for cwd but received one with a NUL at 2'],
    [{ detached: 'yes' }, "Expected a boolean for detached but received 'yes' (string)"],
    [{ mounts: {} }, 'Expected an array for mounts but received an object'],
    [{ network: 'all' }, "Expected 'none', 'public' or an object with 'allow' for network but received 'all' (string)"],
    [
      { image: undefined },
      'Expected a reference, { layout }, { archive } or { rootfs } for image but received undefined',
    ],
    [{ labels: ['a'] }, 'Expected an object of strings for labels but received an array'],
    [{ labels: { a: 1 } }, 'Expected a string of at most 4096 characters for labels.a but received 1 (number)'],
    [
      { labels: { 'my key': null } },
      "Expected a string of at most 4096 characters for labels['my key'] but received null",
    ],
    [
      { user: `${'x'.repeat(100)}:` },
      `Expected a user: a name or a uid, either with ':group' or ':gid' for user but received '${'x'.repeat(60)}…' (string)`,
    ],
  ])('%j', (options, message) => {
    expect(refusalOf(() => check(options))).toMatchObject({ code: 'invalid-argument', message });
  });

  test('options that are no object', () => {
    expect(messageOf(() => checkBoxOptions(null))).toBe(
      'Expected an object for the options of createBox but received null',
    );
    expect(messageOf(() => checkBoxOptions('alpine'))).toBe(
      'Expected an object for the options of createBox but received a string',
    );
  });

  test('a mistyped option is told the nearest name', () => {
    expect(refusalOf(() => check({ memoryMib: 512 }))).toEqual({
      code: 'invalid-argument',
      message: "Unknown option 'memoryMib' for createBox",
      hint: "Did you mean 'memoryMiB'?",
    });
  });

  test('an option like no other is told them all', () => {
    const { message, hint } = refusalOf(() => check({ gpu: undefined }));
    expect(message).toBe("Unknown option 'gpu' for createBox");
    expect(hint).toContain('The options of createBox are: image, name, labels, cpus,');
  });
});

describe('image', () => {
  test('relative paths are taken from the working directory', () => {
    expect(check({ image: { archive: 'a/../image.tar' } }).image).toEqual({ archive: resolve('image.tar') });
    expect(check({ image: { rootfs: '.' } }).image).toEqual({ rootfs: process.cwd() });
  });

  test('a text is a reference of a registry, or the digest of an image that is here', () => {
    expect(check({ image: 'alpine:3' }).image).toMatchObject({ reference: { name: 'docker.io/library/alpine:3' } });
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(check({ image: digest }).image).toEqual({ digest });
    const { code, hint } = refusalOf(() => check({ image: './alpine' }));
    expect(code).toBe('invalid-argument');
    expect(hint).toContain('{ layout: directory }');
  });

  test.each<[unknown, string]>([
    [{}, 'Expected exactly one of layout, archive and rootfs for image but received none of them'],
    [
      { layout: '/a', rootfs: '/b' },
      'Expected exactly one of layout, archive and rootfs for image but received layout and rootfs',
    ],
    [{ archive: '/a', ref: 'x' }, 'Expected image.ref beside layout only but received it beside archive'],
    [{ layout: '/a', ref: '' }, "Expected a reference for image.ref but received '' (string)"],
    [{ layout: 3 }, 'Expected a path for image.layout but received 3 (number)'],
    [{ rootfs: '' }, "Expected a path for image.rootfs but received '' (string)"],
    [{ archive: 'a\0' }, 'Expected a string without NUL for image.archive but received one with a NUL at 1'],
    [{ layuot: '/a' }, "Unknown option 'layuot' for image"],
    ['', "Expected a reference, { layout }, { archive } or { rootfs } for image but received '' (string)"],
  ])('%j is refused', (value, message) => {
    expect(refusalOf(() => check({ image: value }))).toMatchObject({ code: 'invalid-argument', message });
  });
});

describe('texts', () => {
  test.each<[string, string[], string[]]>([
    ['name', ['a', '0', 'a.b_c-d', 'a'.repeat(63)], ['', 'A', '-a', '.a', 'a b', 'a/b', 'a'.repeat(64), 'a\n', 'ä']],
    [
      'hostname',
      ['a', 'A1', 'a-b.c', 'a'.repeat(63), `${'a'.repeat(31)}.${'b'.repeat(32)}`],
      ['', '-a', 'a-', 'a..b', 'a.', 'a_b', 'a'.repeat(64), `${'a'.repeat(32)}.${'b'.repeat(32)}`, 'a\n'],
    ],
    [
      'user',
      ['root', '0', 'www-data:0', '1000:staff', '4294967294', 'Jörg'],
      ['', 'root:', ':staff', ':', 'a:b:c', '4294967295', '0:4294967295', 'a\0', 'a\ud800', 'a\n', 'a/b'],
    ],
    ['cwd', ['/', '/a b/ü', '/a/../b'], ['', 'a', './a', '/\0', '/\udfff', ' /']],
  ])('%s', (option, good, bad) => {
    for (const value of good) expect(check({ [option]: value })).toHaveProperty(option, value);
    for (const value of bad) expect(refusalOf(() => check({ [option]: value })).code).toBe('invalid-argument');
  });
});

describe('labels', () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, '']));

  test('up to 64, keys up to 128 and values up to 4096 characters', () => {
    expect(Object.keys(check({ labels: many(64) }).labels)).toHaveLength(64);
    expect(check({ labels: { ['k'.repeat(128)]: 'v'.repeat(4096) } }).labels['k'.repeat(128)]).toHaveLength(4096);
    expect(messageOf(() => check({ labels: many(65) }))).toBe('Expected at most 64 labels for labels but received 65');
    expect(messageOf(() => check({ labels: { ['k'.repeat(129)]: '' } }))).toContain(
      'a label key of 1 to 128 characters',
    );
    expect(messageOf(() => check({ labels: { '': 'x' } }))).toContain('a label key of 1 to 128 characters');
    expect(messageOf(() => check({ labels: { a: 'v'.repeat(4097) } }))).toBe(
      'Expected a string of at most 4096 characters for labels.a but received one of 4097',
    );
  });

  test('undefined is absent, and __proto__ is a key like any other', () => {
    const { labels } = check({ labels: { a: undefined, ['__proto__']: 'x' } });
    expect(Object.entries(labels)).toEqual([['__proto__', 'x']]);
    expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
  });
});

describe('how options are read', () => {
  test('each once, and none that nobody documents', () => {
    let reads = 0;
    const options = Object.defineProperty({ image }, 'cpus', { enumerable: true, get: () => ++reads });
    expect(checkBoxOptions(options).cpus).toBe(1);
    expect(reads).toBe(1);
  });

  test('an accessor of a class counts, what lies on Object.prototype does not', () => {
    class Options {
      image = image;
      get cpus() {
        return 3;
      }
    }
    Object.defineProperty(Object.prototype, 'memoryMiB', { value: 1024, configurable: true });
    try {
      expect(checkBoxOptions(new Options())).toMatchObject({ cpus: 3 });
      expect(
        checkBoxOptions({ image }).memoryMiB === 512 && Object.hasOwn(checkBoxOptions({ image }), 'memoryMiB'),
      ).toBe(true);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'memoryMiB');
    }
  });

  test('a getter that throws is refused by its name', () => {
    const options = Object.defineProperty({ image }, 'cpus', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(messageOf(() => checkBoxOptions(options))).toBe('Expected a readable value for cpus but its getter threw');
  });

  test('what was given is copied: a later change of it changes nothing', () => {
    const given = { image: { ...image }, labels: { a: '1' }, env: { A: '1' } };
    const checked = checkBoxOptions(given);
    given.image.layout = '/other';
    given.labels.a = '2';
    given.env.A = '2';
    expect(checked).toMatchObject({ image, labels: { a: '1' }, env: { A: '1' } });
  });
});
