export default {
  id: 'dist',
  title: '@boxlite/sdk in dist',
  needs: ['modules'],
  script: import.meta.url,
  inputs: ['lib', 'package.json', 'tsconfig.json', 'tsup.config.ts'],
  outputs: ['dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts'],
  run: (context) => context.run('node_modules/.bin/tsup', []),
  repair: 'mend what the compiler names.',
};
