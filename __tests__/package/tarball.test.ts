import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../package.json';
import { busyboxImage } from '../helpers/images';

const root = join(__dirname, '..', '..');
const work = realpathSync(mkdtempSync(join(tmpdir(), 'boxlite-package-')));
const project = join(work, 'project');
const installed = join(project, 'node_modules', '@boxlite', 'sdk');
const packages = join(root, 'out', 'packages');
const tarball = join(packages, `boxlite-sdk-${version}.tgz`);
const platformTarball = join(packages, `boxlite-sdk-linux-x64-gnu-${version}.tgz`);

function run(file: string, args: string[], cwd: string): string {
  const env = { ...process.env, npm_config_update_notifier: 'false' };
  return execFileSync(file, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function lay(archive: string, directory: string): void {
  mkdirSync(directory, { recursive: true });
  run('tar', ['-xzf', archive, '--strip-components=1', '-C', directory], work);
}

beforeAll(() => {
  run('npm', ['run', 'pack'], root);
  lay(tarball, installed);
  // Its dependencies as npm would lay them, without asking a registry.
  for (const name of ['better-sqlite3', 'kysely', 'bindings', 'file-uri-to-path']) {
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
  writeFileSync(join(project, 'package.json'), '{"name":"empty","version":"1.0.0"}');
}, 120_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('the packed tarball', () => {
  const useIt = `
    const runtime = new Runtime({ home: process.argv[1] });
    const error = await runtime.createBox({ image: { layout: '/no' }, memory: 1 }).catch((e) => e);
    console.log(BoxliteError.is(error, 'invalid-argument'), error.hint.includes('memoryMiB'));
    for await (const box of runtime.listBoxes()) console.log(box);
    await runtime.close();`;

  test('works with import', () => {
    const script = `import { Runtime, BoxliteError } from '@boxlite/sdk'; import { shimArgv } from '@boxlite/sdk/ownership';
      ${useIt} console.log(shimArgv('/s', 'id').join());`;
    expect(run('node', ['--input-type=module', '-e', script, join(work, 'home-esm')], project)).toBe(
      'true true\n/s,id\n',
    );
  });

  test('works with require', () => {
    const script = `const { Runtime, BoxliteError } = require('@boxlite/sdk'); const { shimArgv } = require('@boxlite/sdk/ownership');
      (async () => { ${useIt} console.log(shimArgv('/s', 'id').join()); })();`;
    expect(run('node', ['--input-type=commonjs', '-e', script, join(work, 'home-cjs')], project)).toBe(
      'true true\n/s,id\n',
    );
  });

  test('offers the pieces of ownership on their own, with their types', () => {
    const names = 'BoxSockets,BoxliteError,ShimReaper,argvNamesBox,decideRecovery,findBoxProcesses,';
    const more = 'killBoxTree,killCgroup,readIdentity,readPidFile,shimArgv';
    const useAll = `console.log(Object.keys(ownership).filter((name) => name !== 'default').sort().join());
      console.log(ownership.readIdentity(process.pid).pid === process.pid, ownership.findBoxProcesses('nobody').length);`;
    const asModule = `import * as ownership from '@boxlite/sdk/ownership'; ${useAll}`;
    const asScript = `const ownership = require('@boxlite/sdk/ownership'); ${useAll}`;
    for (const [type, script] of [
      ['module', asModule],
      ['commonjs', asScript],
    ] as const)
      expect(run('node', [`--input-type=${type}`, '-e', script], project)).toBe(`${names}${more}\ntrue 0\n`);
    const types = readFileSync(join(installed, 'dist/ownership.d.ts'), 'utf8');
    for (const name of ['ProcessIdentity', 'PidFileState', 'BoxFacts', 'RecoveryAction'])
      expect(types).toMatch(new RegExp(`export \\{[^}]*\\btype ${name}\\b`));
  });

  test('recognises the errors of its other copy', () => {
    const script = `import { createRequire } from 'node:module'; import { BoxliteError } from '@boxlite/sdk';
      const { BoxliteError: Other } = createRequire(import.meta.url)('@boxlite/sdk');
      console.log(Other !== BoxliteError, BoxliteError.is(new Other('limit', 'x'), 'limit'));`;
    writeFileSync(join(project, 'copies.mjs'), script);
    expect(run('node', ['copies.mjs'], project)).toBe('true true\n');
  });

  test('says native-missing with a repair where the platform package is absent', () => {
    const script = `import { Runtime } from '@boxlite/sdk';
      const runtime = new Runtime({ home: process.argv[1] });
      const error = await runtime.createBox({ image: { layout: '/no' } }).catch((e) => e);
      console.log(error.code, error.hint.length > 20); await runtime.close();`;
    expect(run('node', ['--input-type=module', '-e', script, join(work, 'home-native')], project)).toBe(
      'native-missing true\n',
    );
  });

  test('carries what it promises and nothing else', () => {
    const files = run('tar', ['-tzf', tarball], work).trim().split('\n');
    expect(files).toEqual(
      expect.arrayContaining([
        'package/dist/index.js',
        'package/dist/index.cjs',
        'package/dist/index.d.ts',
        'package/LICENSE',
        'package/CHANGELOG.md',
      ]),
    );
    expect(
      files.filter(
        (file) => !/^package\/(dist|docs)\/|^package\/(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(file),
      ),
    ).toEqual([]);
  });

  test('depends on the platform package of its own version', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(optionalDependencies).toEqual({ '@boxlite/sdk-linux-x64-gnu': version });
  });

  test('is clean for publint', () => {
    expect(run('npx', ['--no-install', 'publint', '--strict', installed], root)).toContain('All good!');
  });

  test('has right types for every way to resolve it', () => {
    expect(run('npx', ['--no-install', 'attw', tarball, '--no-emoji'], root)).toContain('No problems found');
  });
});

describe('the packed tarball with its platform package', () => {
  const platform = join(project, 'node_modules', '@boxlite', 'sdk-linux-x64-gnu');
  beforeAll(() => lay(platformTarball, platform));

  test('has every native file that the library asks for', () => {
    const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.ts$/.test(name),
    );
    const text = sources.map((name) => readFileSync(join(root, 'lib', name), 'utf8')).join('\n');
    const calls = [...text.matchAll(/nativeFile\(([^)]+)\)/g)].map(([, argument]) => argument).join(' ');
    const named = [...calls.matchAll(/'([^']+)'/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(readdirSync(platform)).toEqual(expect.arrayContaining(named));
  });

  test('boots a box and runs a command in it', () => {
    const script = `import { Runtime } from '@boxlite/sdk';
      const runtime = new Runtime({ home: process.argv[1] });
      const box = await runtime.createBox({ image: { layout: process.argv[2] } });
      console.log((await box.exec(['/bin/echo', 'packed'])).stdout.trim());
      await box.stop(); await box.remove(); await runtime.close();`;
    const args = ['--input-type=module', '-e', script, join(work, 'home-boot'), busyboxImage()];
    expect(run('node', args, project)).toBe('packed\n');
  }, 120_000);
});
