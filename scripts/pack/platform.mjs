import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { native, root } from '../setup/paths.mjs';

export const platformPackage = '@boxlite/sdk-linux-x64-gnu';

/** Everything that the library loads or starts, all in one directory: versions are never mixed. */
export const nativeFiles = [
  { name: 'boxlite.node', mode: 0o644 },
  { name: 'boxlite-shim', mode: 0o755 },
  { name: 'boxlite-vmm', mode: 0o755 },
  { name: 'boxlite-image', mode: 0o755 },
  { name: 'boxlite-netd', mode: 0o755 },
  { name: 'libkrun.so.1', mode: 0o644 },
  { name: 'libkrunfw.so.5', mode: 0o644 },
  { name: 'vmlinux.krun', mode: 0o644 },
  { name: 'agent.ext4', mode: 0o644 },
  { name: 'disk-64.tpl', mode: 0o644 },
  { name: 'disk-4096.tpl', mode: 0o644 },
];

/** Lays the platform package into a directory of its own, ready for `npm pack`. */
export function layOutPlatform(directory, { version, license, engines }) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const { name, mode } of nativeFiles) {
    copyFileSync(join(native, name), join(directory, name));
    chmodSync(join(directory, name), mode);
  }
  copyFileSync(join(root, 'LICENSE'), join(directory, 'LICENSE'));
  writeFileSync(join(directory, 'README.md'), readme());
  const manifest = {
    name: platformPackage,
    version,
    description: 'The native files of @boxlite/sdk for Linux on x86-64 with glibc',
    license: `${license} AND LGPL-2.1-only AND GPL-2.0-only`,
    engines,
    os: ['linux'],
    cpu: ['x64'],
    libc: ['glibc'],
    files: nativeFiles.map(({ name }) => name),
    preferUnplugged: true,
  };
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

function readme() {
  const { package: name, version } = JSON.parse(readFileSync(join(root, 'third_party/libkrunfw.json'), 'utf8'));
  return `# ${platformPackage}

The native files of @boxlite/sdk for Linux on x86-64 with glibc 2.36 or later: the Node addon, boxlite-shim, boxlite-vmm,
boxlite-image, the guest's agent, libkrun and libkrunfw. Install \`@boxlite/sdk\`; it brings this package along.

The project's own files and libkrun are under Apache-2.0. libkrunfw.so.5 (LGPL-2.1) carries a Linux kernel (GPL-2.0), which
vmlinux.krun holds once more in another wrapping. Their complete source is Debian's source package libkrunfw ${version}
(binary package ${name}).
`;
}
