/** Every kind of test is a project of its own, so that `jest --selectProjects unit` runs one. */
const project = (displayName, more = {}) => ({
  displayName,
  rootDir: __dirname,
  testMatch: [`<rootDir>/__tests__/${displayName}/**/*.test.ts`],
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/out/', '<rootDir>/dist/'],
  ...more,
});

module.exports = {
  projects: [
    project('unit'),
    project('native', { setupFilesAfterEnv: ['<rootDir>/__tests__/helpers/leftovers.setup.ts'] }),
    project('vm', { setupFilesAfterEnv: ['<rootDir>/__tests__/helpers/leftovers.setup.ts'] }),
    project('crash', { setupFilesAfterEnv: ['<rootDir>/__tests__/helpers/leftovers.setup.ts'] }),
    project('package'),
  ],
};
