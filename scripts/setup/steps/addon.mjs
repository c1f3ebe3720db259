import { join } from 'node:path';
import { out } from '../paths.mjs';

export default {
  id: 'addon',
  title: 'Node addon',
  needs: ['packages', 'modules'],
  script: import.meta.url,
  inputs: ['CMakeLists.txt', 'cmake/addon.cmake', 'native.json', 'binding', 'cpp/common'],
  outputs: ['out/native/boxlite.node'],
  // Not in build/, which node-gyp removes, nor in out/cmake, whose cache has no Node headers in it.
  run: (context) => context.run('node_modules/.bin/cmake-js', ['compile', '-O', join(out, 'addon')]),
  repair: 'mend what the compiler names; if it names nothing of this project, remove out/addon and try again.',
};
