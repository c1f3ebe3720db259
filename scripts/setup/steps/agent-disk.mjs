import { readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkExt4, editExt4, makeExt4 } from '../ext4.mjs';
import { cache, native } from '../paths.mjs';

const MIB = 1024 * 1024;
const UUID = '0f6f8f0e-7c1e-4c55-9d55-b0c1b0c1a9e1';
const FEATURES = ['ext_attr', 'dir_index', 'filetype', 'extent', 'sparse_super', 'large_file', 'extra_isize'];
const MOUNT_POINTS = ['dev', 'proc', 'sys', 'image', 'disk', 'box', 'run', 'tmp'];

const agent = join(native, 'boxlite-agent');
const disk = join(native, 'agent.ext4');

export default {
  id: 'agent-disk',
  title: 'agent disk',
  needs: ['packages', 'cpp'],
  script: import.meta.url,
  inputs: ['out/native/boxlite-agent', 'scripts/setup/ext4.mjs'],
  outputs: ['out/native/agent.ext4'],
  async run(context) {
    const fresh = `${disk}.new`;
    const bytes = Math.ceil((statSync(agent).size + 0.5 * MIB) / MIB) * MIB;
    await makeExt4(context, fresh, { bytes, uuid: UUID, features: FEATURES, more: ['-L', 'agent', '-N', '32'] });
    await editExt4(context, fresh, [
      'rmdir lost+found',
      ...MOUNT_POINTS.map((name) => `mkdir ${name}`),
      `write "${agent}" agent`,
      'set_inode_field agent mode 0100755',
    ]);
    await checkExt4(context, fresh);
    await checkAgent(context, fresh);
    renameSync(fresh, disk);
  },
  repair: 'see that out/ has room for some MiB, and that debugfs and mke2fs are those of e2fsprogs 1.46 or later.',
};

async function checkAgent(context, path) {
  const copy = join(cache, 'agent-copy');
  await editExt4(context, path, [`dump agent "${copy}"`]);
  const isSame = readFileSync(copy).equals(readFileSync(agent));
  rmSync(copy);
  if (!isSame) throw new Error('the agent on the disk is not the agent that was written');
}
