import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nothingFound } from '../../../lib/native/failure';
import { nativePlaces } from '../../../lib/native/locate';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'boxlite-test-'));
});
afterEach(() => {
  delete process.env.BOXLITE_NATIVE_DIR;
  rmSync(directory, { recursive: true, force: true });
});

/** A fresh copy of the loader, since it keeps what it loaded. */
function freshLoader(): typeof import('../../../lib/native/load') {
  let loader: typeof import('../../../lib/native/load') | undefined;
  jest.isolateModules(() => {
    loader = require('../../../lib/native/load');
  });
  if (!loader) throw new Error('not loaded');
  return loader;
}

test('without BOXLITE_NATIVE_DIR the platform package is looked for first, then the build of the source tree', () => {
  const places = nativePlaces({});
  expect(places.map(({ kind }) => kind)).toEqual(['package', 'development']);
  expect(places[1]?.directory).toBe(join(__dirname, '../../../out/native'));
});

test('BOXLITE_NATIVE_DIR is the only place, once it is set', () => {
  expect(nativePlaces({ BOXLITE_NATIVE_DIR: directory })).toEqual([{ kind: 'environment', directory, found: false }]);
  writeFileSync(join(directory, 'boxlite.node'), '');
  expect(nativePlaces({ BOXLITE_NATIVE_DIR: directory })).toMatchObject([{ found: true }]);
});

test('a relative BOXLITE_NATIVE_DIR is refused', () => {
  const expected = expect.objectContaining({
    code: 'invalid-argument',
    message: expect.stringContaining("'out/native'"),
  });
  expect(() => nativePlaces({ BOXLITE_NATIVE_DIR: 'out/native' })).toThrow(expected);
});

test('a directory without the addon is named, with the platform and the repair', () => {
  process.env.BOXLITE_NATIVE_DIR = directory;
  const { native } = freshLoader();
  expect(native).toThrow(
    expect.objectContaining({
      code: 'native-missing',
      message: expect.stringMatching(
        /boxlite\.node was not found.*linux on x64 with glibc 2\.\d+, Node \d+[\s\S]*BOXLITE_NATIVE_DIR: /,
      ),
      hint: expect.stringContaining('unset it'),
    }),
  );
});

test('an addon that does not load is named, with what the loader said', () => {
  process.env.BOXLITE_NATIVE_DIR = directory;
  writeFileSync(join(directory, 'boxlite.node'), 'no library');
  const message = expect.stringContaining(`Loading ${directory}/boxlite.node failed`);
  expect(freshLoader().native).toThrow(
    expect.objectContaining({ code: 'native-missing', message, hint: expect.stringContaining('reinstall') }),
  );
});

test('without any place the failure lists each with what it lacks, and how to install the package', () => {
  const { message, hint } = nothingFound([
    { kind: 'package', directory: null, found: false },
    { kind: 'development', directory: '/src/out/native', found: false },
  ]);
  expect(message).toContain('the package @boxlite/sdk-linux-x64-gnu: not installed');
  expect(message).toContain('the build directory of the source tree: /src/out/native');
  expect(hint).toMatch(/npm install --include=optional @boxlite\/sdk-linux-x64-gnu.*npm run setup/);
});
