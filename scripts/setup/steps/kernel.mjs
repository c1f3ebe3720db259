import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { native, out } from '../paths.mjs';

const kernel = join(native, 'vmlinux.krun');

export default {
  id: 'kernel',
  title: 'kernel for QEMU',
  needs: ['libkrunfw', 'cpp'],
  script: import.meta.url,
  inputs: ['third_party/libkrunfw.json', 'cpp/tools/wrap_kernel.cpp'],
  outputs: ['out/native/vmlinux.krun'],
  async run(context) {
    const wrap = join(out, 'cmake/boxlite-wrap-kernel');
    await context.run(wrap, [join(native, 'libkrunfw.so.5'), `${kernel}.new`]);
    renameSync(`${kernel}.new`, kernel);
  },
  repair: 'remove out/native/libkrunfw.so.5 and try again: it is not the library of third_party/libkrunfw.json.',
};
