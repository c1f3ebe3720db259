import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { native, out, root } from '../setup/paths.mjs';
import { run } from '../test/command.mjs';

const place = join(out, 'mutations');
const sources = [
  '__tests__',
  'binding',
  'cmake',
  'cpp',
  'examples',
  'lib',
  'scripts',
  'third_party',
  'CMakeLists.txt',
  'README.md',
  'jest.config.cjs',
  'native.json',
  'package.json',
  'tsconfig.json',
];

/** A copy of the project whose sources may be changed, so that no change can stay behind in the project itself. */
export class WorkTree {
  path = join(place, 'tree');

  static make() {
    const tree = new WorkTree();
    tree.remove();
    mkdirSync(join(tree.path, 'out'), { recursive: true });
    for (const name of sources.filter((source) => existsSync(join(root, source)))) {
      cpSync(join(root, name), join(tree.path, name), { recursive: true });
    }
    // Copies, not links: a build would write through them.
    cpSync(native, join(tree.path, 'out/native'), { recursive: true });
    for (const name of ['node_modules', 'out/images', 'out/cache'])
      symlinkSync(join(root, name), join(tree.path, name));
    return tree;
  }

  /** Puts one text in the place of another, which must be there exactly once; returns how to put it back. */
  replace(file, from, to) {
    const path = join(this.path, file);
    const text = readFileSync(path, 'utf8');
    const found = text.split(from).length - 1;
    if (found !== 1) throw new Error(`in ${file} the rule was expected once but found ${found} times: ${from}`);
    // By a function, since `$` means something in a replacement.
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    return () => writeFileSync(path, text);
  }

  /** Builds the programs or the addon of what the sources are now; fails with the compiler's first error. */
  async build(what) {
    for (const [program, ...args] of this.#commands(what)) {
      const { code, output } = await run(program, args, { cwd: this.path });
      if (code !== 0)
        throw new Error(output.split('\n').find((line) => line.includes('error:')) ?? `${program} failed`);
    }
  }

  /** What was built goes back to what the project has. */
  restoreNative() {
    for (const name of ['boxlite.node', 'boxlite-shim', 'boxlite-vmm', 'boxlite-agent']) {
      rmSync(join(this.path, 'out/native', name));
      cpSync(join(native, name), join(this.path, 'out/native', name));
    }
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true });
  }

  #commands(what) {
    if (what === 'addon') return [['node_modules/.bin/cmake-js', 'compile', '-O', join(this.path, 'out/addon')]];
    const build = join(this.path, 'out/cmake');
    return [
      ['cmake', '-S', this.path, '-B', build],
      ['cmake', '--build', build, '--parallel', '2', '--target', 'shim', '--target', 'vmm'],
    ];
  }
}
