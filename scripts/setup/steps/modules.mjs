import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from '../command.mjs';
import { root } from '../paths.mjs';

const installed = 'node_modules/.package-lock.json';

export default {
  id: 'modules',
  title: 'npm packages',
  needs: ['packages'],
  script: import.meta.url,
  inputs: ['package-lock.json'],
  facts: () => [process.versions.modules],
  outputs: [installed],
  isAdopted: () => isAsLocked() && databaseLoads(),
  run: (context) => context.run('npm', ['ci', '--no-audit', '--no-fund'], { env: headers() }),
  repair: 'npm must reach its registry, and package-lock.json must fit package.json.',
};

/** Whether somebody's own npm put there what the lock asks for. */
function isAsLocked() {
  if (!existsSync(join(root, installed))) return false;
  const wanted = Object.entries(read('package-lock.json').packages).filter(([path]) => path !== '');
  const found = read(installed).packages;
  const isRight = ([path, { version, optional }]) =>
    found[path] ? found[path].version === version : optional === true;
  return wanted.every(isRight) && Object.keys(found).every((path) => wanted.some(([name]) => name === path));
}

/** better-sqlite3 is built for one version of Node's own interface. */
function databaseLoads() {
  return capture(process.execPath, ['-e', "new (require('better-sqlite3'))(':memory:')"]) !== undefined;
}

/** Node's headers, where this Node came with them: node-gyp then does not look for them on the network. */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {};
}

function read(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}
