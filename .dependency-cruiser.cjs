// Layers, downward only. A module may use its own layer and those after it.
const layers = [
  ['index', '^lib/index\\.ts$'],
  ['runtime', '^lib/(runtime|box|restricted-box)\\.ts$'],
  ['doctor', '^lib/doctor/'],
  ['parts', '^lib/(boxes|exec|files|images|network)/'],
  ['services', '^lib/(shim|store|options)/'],
  ['ownership', '^lib/ownership/'],
  ['native', '^lib/native/'],
  ['util', '^lib/util/'],
  ['base', '^lib/(types/|types\\.ts|errors\\.ts)'],
];

const upward = layers.slice(1).map(([name, path], index) => ({
  name: `${name}-uses-nothing-above`,
  severity: 'error',
  from: { path },
  to: { path: layers.slice(0, index + 1).map(([, above]) => above) },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'no-circles',
      severity: 'error',
      from: { path: '^lib/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'ownership-stands-alone',
      severity: 'error',
      from: { path: '^lib/ownership/' },
      to: { path: '^lib/', pathNot: '^lib/(ownership|native|util|types|errors)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
