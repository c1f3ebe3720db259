import { join } from 'node:path';
import { installFile } from '../files.mjs';
import { native, out, root } from '../paths.mjs';

const built = join(out, 'libkrun/release/libboxlite_libkrun.so');

export default {
  id: 'libkrun',
  title: 'libkrun',
  script: import.meta.url,
  inputs: ['third_party/libkrun'],
  outputs: ['out/native/libkrun.so.1'],
  async run(context) {
    const args = ['build', '--release', '--locked', '--target-dir', join(out, 'libkrun')];
    await context.run('cargo', args, { cwd: join(root, 'third_party/libkrun') });
    installFile(built, join(native, 'libkrun.so.1'));
  },
  repair: 'cargo must reach its registry, or have the crates of third_party/libkrun/Cargo.lock in its cache.',
};
