import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';
import { platformPackage } from './platform.mjs';

export function readManifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

/**
 * Lays @boxlite/sdk into a directory of its own, ready for `npm pack`. Here alone it depends on the platform package of its
 * own version: in the source tree that would have to be published before it can be built.
 */
export function layOutMain(directory) {
  const { devDependencies: _, scripts, ...manifest } = readManifest();
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const name of manifest.files) cpSync(join(root, name), join(directory, name), { recursive: true });
  const published = {
    ...manifest,
    scripts: { install: scripts.install },
    optionalDependencies: { [platformPackage]: manifest.version },
  };
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
}
