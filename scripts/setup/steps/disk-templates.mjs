import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { packDisk } from '../disk-template-file.mjs';
import { checkExt4, makeExt4, usedBlocks } from '../ext4.mjs';
import { cache, native } from '../paths.mjs';

const MIB = 1024 * 1024;
const UUID = '5d1c7f52-52a4-4a0c-9f4e-b0c1b0c1d15c';
const FEATURES = [
  'has_journal',
  'ext_attr',
  'resize_inode',
  'dir_index',
  'filetype',
  'extent',
  '64bit',
  'flex_bg',
  'sparse_super',
  'large_file',
  'huge_file',
  'dir_nlink',
  'extra_isize',
  'metadata_csum',
];

// Room in the group descriptors for 1 TiB of 4 KiB blocks, or a mounted disk could not be grown that far.
const GROWS_TO_BLOCKS = 2 ** 40 / 4096;

const TEMPLATES = [
  { diskMiB: 64, journalMiB: 4 },
  { diskMiB: 4096, journalMiB: 32 },
];

export default {
  id: 'disk-templates',
  title: 'disk templates',
  needs: ['packages'],
  script: import.meta.url,
  inputs: ['scripts/setup/ext4.mjs', 'scripts/setup/disk-template-file.mjs'],
  outputs: TEMPLATES.map(({ diskMiB }) => `out/native/disk-${diskMiB}.tpl`),
  async run(context) {
    for (const template of TEMPLATES) await makeTemplate(context, template);
  },
  repair: 'see that out/ is on a file system with sparse files, and that mke2fs is that of e2fsprogs 1.46 or later.',
};

async function makeTemplate(context, { diskMiB, journalMiB }) {
  const disk = join(cache, `disk-${diskMiB}.ext4`);
  await makeExt4(context, disk, {
    bytes: diskMiB * MIB,
    uuid: UUID,
    features: FEATURES,
    extended: [`resize=${GROWS_TO_BLOCKS}`, 'lazy_journal_init=1'],
    more: ['-L', 'box', '-i', '16384', '-J', `size=${journalMiB}`],
  });
  await checkExt4(context, disk);
  packDisk(disk, join(native, `disk-${diskMiB}.tpl`), usedBlocks(disk));
  rmSync(disk);
}
