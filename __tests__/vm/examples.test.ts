import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transformSync } from '@swc/core';
import { tempHome } from '../helpers/homes';
import { busyboxImage } from '../helpers/images';
import { engine } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

const root = join(__dirname, '..', '..');
// Inside the package, so that '@boxlite/sdk' is this package, built.
const parent = join(root, 'out', 'examples');
mkdirSync(parent, { recursive: true });
const work = mkdtempSync(join(parent, 'run-'));
symlinkSync(busyboxImage(), join(work, 'image'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => join('docs', name))];
const blocks = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/```(?:ts|js)\n([\s\S]*?)```/g)].map(
    ([, code = ''], n) => [`example ${n + 1} of ${page}`, code] as const,
  ),
);
const examples = readdirSync(join(root, 'examples')).map((name) => [
  name,
  readFileSync(join(root, 'examples', name), 'utf8'),
]);

describe(`on ${engine}`, () => {
  test.each([...blocks, ...examples] as [string, string][])('%s runs and prints what it says', async (name, code) => {
    const stdout = await run(name.replaceAll(/\W+/g, '-'), code);
    for (const [, said] of code.matchAll(/console\.log\([^\n]*\); \/\/ (?!what )([^\n]*)/g))
      expect(stdout).toContain(said);
  });

  test('the README shows the first of the examples, of 15 lines at most', () => {
    const [[, first] = []] = blocks;
    expect(first?.trim().split('\n').length).toBeLessThanOrEqual(15);
    const example = readFileSync(join(root, 'examples', 'hello.ts'), 'utf8');
    expect(example.replace("process.argv[2] ?? './image'", "'./image'")).toBe(first);
  });
});

/** Runs it as its reader would, and expects it to end well by itself. */
async function run(name: string, code: string): Promise<string> {
  const jsc = { parser: { syntax: 'typescript' as const }, target: 'es2022' as const };
  const file = join(work, `${name}.mjs`);
  writeFileSync(file, transformSync(code, { jsc, module: { type: 'es6' } }).code);
  const env = { PATH: process.env.PATH, BOXLITE_HOME: tempHome(), BOXLITE_NATIVE_DIR: process.env.BOXLITE_NATIVE_DIR };
  const options = { cwd: work, env, timeout: scaled(100_000) };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], options);
  expect(stderr).toBe('');
  return stdout;
}
