import { sources, tree } from './cpp.mjs';

export default {
  id: 'cpp-tests',
  title: 'C++ unit tests',
  needs: ['cpp'],
  script: import.meta.url,
  inputs: sources,
  outputs: ['out/cmake/boxlite-tests'],
  run: (context) => context.run('cmake', ['--build', tree, '--parallel', '2', '--target', 'tests']),
  repair: 'mend what the compiler names; if there is no such target, libgtest-dev is missing or out/cmake is old.',
};
