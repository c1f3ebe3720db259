import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as index from '../../../lib/index';
import * as ownership from '../../../lib/ownership/index';

const root = join(__dirname, '..', '..', '..');

function filesUnder(directory: string, suffix: RegExp): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => suffix.test(name) && !name.includes('node_modules') && !name.includes('target/'))
    .map((name) => join(directory, name));
}

describe('the house', () => {
  test('has no source file of more than 300 lines', () => {
    const files = [
      ...filesUnder('lib', /\.ts$/),
      ...filesUnder('__tests__', /\.ts$/),
      ...filesUnder('scripts', /\.mjs$/),
      ...filesUnder('binding', /\.[ch]pp$/),
      ...filesUnder('cpp', /\.[ch]pp$/),
      ...filesUnder('go', /\.go$/),
    ];
    const long = files.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 301);
    expect(files.length).toBeGreaterThan(100);
    expect(long).toEqual([]);
  });

  test('exports exactly the public names', () => {
    expect(Object.keys(index).sort()).toEqual(['Box', 'BoxliteError', 'Runtime']);
    expect(Object.keys(ownership).sort()).toEqual([
      'BoxSockets',
      'BoxliteError',
      'ShimReaper',
      'argvNamesBox',
      'decideRecovery',
      'findBoxProcesses',
      'killBoxTree',
      'killCgroup',
      'readIdentity',
      'readPidFile',
      'shimArgv',
    ]);
  });

  test('has the same error codes in C++ and TypeScript', () => {
    const cpp = [...read('cpp/common/error_codes.def').matchAll(/BOXLITE_ERROR\("([a-z-]+)"\)/g)].map(
      ([, code]) => code,
    );
    const union = /export type ErrorCode =([^;]*);/.exec(read('lib/types/codes.ts'))?.[1] ?? '';
    const ts = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code);
    expect(ts.length).toBeGreaterThan(30);
    expect(cpp.sort()).toEqual(ts.sort());
  });

  test('builds the addon of both build systems from one list', () => {
    expect(read('binding.gyp')).toContain('native.json');
    expect(read('CMakeLists.txt')).toContain('native.json');
  });
});

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
