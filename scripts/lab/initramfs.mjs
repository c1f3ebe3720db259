import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { capture } from '../setup/command.mjs';
import { hasCommand, root } from '../setup/paths.mjs';
import { initramfs, kernelRoot, lab } from './paths.mjs';

const MODULES = ['kvm-amd', '9p', '9pnet_virtio', 'virtio_pci', 'overlay', 'virtio_blk', 'ext4', 'virtio_console'];

export default {
  id: 'lab-initramfs',
  title: 'first file system of the lab host',
  needs: ['lab-kernel'],
  script: import.meta.url,
  inputs: ['__tests__/lab/init.sh', 'out/stamps/lab-kernel'],
  outputs: ['out/lab/initramfs.gz'],
  async run(context) {
    const tree = join(lab, 'initramfs');
    const archive = join(lab, 'initramfs.cpio');
    layOut(tree);
    await context.run('sh', ['-c', `find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 > ${quote(archive)}`], {
      cwd: tree,
    });
    writeFileSync(`${initramfs}.new`, gzipSync(readFileSync(archive), { level: 1 }));
    renameSync(`${initramfs}.new`, initramfs);
    rmSync(tree, { recursive: true });
    rmSync(archive);
  },
  repair: 'the packages busybox-static, kmod and cpio must be installed.',
};

function layOut(tree) {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(join(tree, 'bin'), { recursive: true });
  mkdirSync(join(tree, 'modules'));
  copyFileSync('/bin/busybox', join(tree, 'bin/busybox'));
  copyFileSync(join(root, '__tests__/lab/init.sh'), join(tree, 'init'));
  chmodSync(join(tree, 'init'), 0o755);
  // Numbered, as a module must be loaded after those it depends on.
  for (const [index, path] of modulePaths().entries()) {
    const target = join(tree, 'modules', `${100 + index}-${basename(path, '.xz')}`);
    if (path.endsWith('.xz')) writeFileSync(target, execFileSync('xz', ['-dc', path], { maxBuffer: 2 ** 26 }));
    else copyFileSync(path, target);
  }
}

function modulePaths() {
  if (!hasCommand('modprobe')) throw new Error('no modprobe');
  const release = readdirSync(join(kernelRoot, 'lib/modules'))[0];
  const paths = MODULES.flatMap((module) => {
    const text = capture('modprobe', ['-d', kernelRoot, '-S', release, '--show-depends', module]);
    if (text === undefined) throw new Error(`the kernel ${release} has no module ${module}`);
    return [...text.matchAll(/^insmod (\S+)/gm)].map(([, path]) => path);
  });
  return [...new Set(paths)];
}

function quote(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
