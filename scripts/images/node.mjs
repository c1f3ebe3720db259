#!/usr/bin/env node
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { appletEntries, baseEntries, environment, file } from './base.mjs';
import { hasLayout, writeLayout } from './oci.mjs';
import { tar } from './tar.mjs';

const BUSYBOX = '/bin/busybox';
// Short: a name in a tar archive has 100 bytes.
const NPM = 'opt/npm';
// What npm does not need to run.
const LEFT_OUT = new Set(['docs', 'man', 'LICENSE', 'LICENSE.md', 'README.md', 'CHANGELOG.md']);

/** Makes an image of this Node and its npm, about 45 MB, as an OCI layout; does nothing when it is there. */
export async function makeNodeImage(directory) {
  if (hasLayout(directory)) return;
  const node = realpathSync(process.execPath);
  const files = [
    file('bin/busybox', 0o755, readFileSync(BUSYBOX)),
    file('usr/bin/node', 0o755, readFileSync(node)),
    ...librariesOf(node).map((path) => file(path.slice(1), 0o755, readFileSync(path))),
    ...treeEntries(npmDirectory(), NPM),
    file('usr/bin/npm', 0o755, `#!/bin/sh\nexec node /${NPM}/bin/npm-cli.js "$@"\n`),
  ];
  const base = baseEntries();
  const layer = tar([...base, ...parentsOf([...base, ...files]), ...files, ...appletEntries(BUSYBOX)]);
  writeLayout(directory, { layers: [layer], config: { Env: environment, Cmd: ['node'] }, ref: 'node:latest' });
}

/** The files that the dynamic linker maps for a program, itself included. */
function librariesOf(program) {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  return lines.map((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1]).filter((path) => path !== undefined);
}

/** The npm that is installed beside this Node. */
function npmDirectory() {
  const beside = join(dirname(process.execPath), 'npm');
  const cli = existsSync(beside) ? beside : execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
  return dirname(dirname(realpathSync(cli)));
}

function treeEntries(directory, to) {
  return readdirSync(directory).flatMap((name) => {
    const from = join(directory, name);
    if (LEFT_OUT.has(name)) return [];
    const found = statSync(from);
    if (found.isDirectory()) return treeEntries(from, `${to}/${name}`);
    return [file(`${to}/${name}`, 0o644, readFileSync(from))];
  });
}

/** The directories above the entries that are not among them. */
function parentsOf(entries) {
  const known = new Set(entries.map(({ path }) => path));
  const missing = new Set();
  for (const { path } of entries) {
    for (let up = dirname(path); up !== '.' && !known.has(up); up = dirname(up)) missing.add(up);
  }
  return [...missing].sort().map((path) => ({ path, mode: 0o755 }));
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await makeNodeImage(process.argv[2] ?? fileURLToPath(new URL('../../out/images/node', import.meta.url)));
}
