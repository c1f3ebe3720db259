import { join } from 'node:path';
import { out, root } from '../paths.mjs';

export const tree = join(out, 'cmake');
export const sources = ['CMakeLists.txt', 'cmake', 'native.json', 'cpp'];

export default {
  id: 'cpp',
  title: 'shim, vmm and agent',
  needs: ['packages'],
  script: import.meta.url,
  inputs: sources,
  outputs: [
    'out/native/boxlite-shim',
    'out/native/boxlite-vmm',
    'out/native/boxlite-agent',
    'out/cmake/boxlite-wrap-kernel',
    'out/cmake/boxlite-show-xattrs',
  ],
  async run(context) {
    await context.run('cmake', ['-S', root, '-B', tree]);
    await context.run('cmake', ['--build', tree, '--parallel', '2']);
  },
  repair: 'mend what the compiler names; if it names nothing of this project, remove out/cmake and try again.',
};
