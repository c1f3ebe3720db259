#!/usr/bin/env node
// npm run pack: the packages that are published, as tarballs in out/packages.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { layOutMain, readManifest } from './pack/main.mjs';
import { layOutPlatform } from './pack/platform.mjs';
import { out } from './setup/paths.mjs';
import { setup } from './setup.mjs';

const packages = join(out, 'packages');

await setup();
mkdirSync(packages, { recursive: true });
layOutPlatform(join(packages, 'platform'), readManifest());
layOutMain(join(packages, 'main'));
for (const name of ['platform', 'main']) {
  const [{ filename, size }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', packages], {
      cwd: join(packages, name),
      encoding: 'utf8',
    }),
  );
  console.log(`${join(packages, filename)}  ${(size / 2 ** 20).toFixed(1)} MiB`);
}
