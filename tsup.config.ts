import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'lib/index.ts', ownership: 'lib/ownership/index.ts' },
  format: ['esm', 'cjs'],
  dts: true,
  shims: true,
  target: 'node20',
  sourcemap: true,
  clean: true,
  splitting: true,
});
