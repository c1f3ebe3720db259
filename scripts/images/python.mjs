#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineSettings, machineSources } from './apt.mjs';
import { appletEntries, baseEntries, environment } from './base.mjs';
import { hasLayout, writeLayout } from './oci.mjs';
import { tar } from './tar.mjs';

const SUITE = 'bookworm';
const PACKAGES = ['busybox-static', 'python3-minimal'];

// What apt needed to get the packages, or tells of this machine.
const LEFT_OUT = ['./dev', './etc/apt', './etc/hostname', './etc/resolv.conf', './var/cache/apt', './var/lib/apt'];

/** Makes an image with Python from Debian packages, about 15 MB, as an OCI layout; does nothing when it is there. */
export async function makePythonImage(directory) {
  if (hasLayout(directory)) return;
  const tree = resolve(`${directory}.tree`);
  const archive = `${tree}.tar`;
  try {
    await unpackPackages(tree);
    await archiveTree(tree, archive);
    const links = appletEntries(join(tree, 'bin/busybox'), (path) => existsSync(join(tree, path)));
    writeLayout(directory, {
      layers: [readFileSync(archive), tar([...baseEntries(), ...links])],
      config: { Env: [...environment, 'LANG=C.UTF-8'], Cmd: ['python3'] },
      ref: 'python:latest',
    });
  } finally {
    rmSync(tree, { recursive: true, force: true });
    rmSync(archive, { force: true });
  }
}

/** As root or not: packages are only unpacked, nothing of them is run. */
async function unpackPackages(tree) {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(dirname(tree), { recursive: true });
  const settings = `${tree}.conf`;
  const sources = machineSources(SUITE);
  const options = ['--mode=chrootless', '--variant=extract', '--format=directory', `--include=${PACKAGES.join(',')}`];
  const from = sources.length > 0 ? ['-'] : [];
  try {
    writeFileSync(settings, machineSettings().join('\n'), { mode: 0o600 });
    await run('mmdebstrap', [...options, `--aptopt=${settings}`, SUITE, tree, ...from], sources.join('\n'));
  } finally {
    rmSync(settings, { force: true });
  }
}

function archiveTree(tree, archive) {
  const order = ['--sort=name', '--mtime=@0', '--owner=root:0', '--group=root:0', '--format=gnu'];
  const leftOut = LEFT_OUT.map((path) => `--exclude=${path}`);
  return run('tar', [...order, ...leftOut, '-C', tree, '-cf', archive, '.']);
}

async function run(program, args, input = '') {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (data) => {
    complaints += data;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${complaints.trimEnd()}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await makePythonImage(process.argv[2] ?? fileURLToPath(new URL('../../out/images/python', import.meta.url)));
}
