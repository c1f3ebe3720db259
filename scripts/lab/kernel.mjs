import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../setup/command.mjs';
import { cache } from '../setup/paths.mjs';
import { kernel, kernelRoot, lab } from './paths.mjs';

const META_PACKAGE = 'linux-image-amd64';
const downloads = join(cache, 'lab');
// A download that is cut short stays in there.
const downloading = join(cache, 'lab.new');
const lists = join(cache, 'apt');

// Lists of its own: the machine's may be old, and only root may renew them. apt checks the signatures all the same.
const OWN_LISTS = [`Dir::State::Lists=${lists}/lists`, `Dir::Cache=${lists}`].flatMap((option) => ['-o', option]);
// As root, apt would download as a user that may not write here.
const AS_MYSELF = ['-o', 'APT::Sandbox::User=root'];

export default {
  id: 'lab-kernel',
  title: 'kernel of the lab host',
  script: import.meta.url,
  outputs: ['out/lab/vmlinuz', 'out/lab/kernel/lib/modules'],
  async run(context) {
    rmSync(downloading, { recursive: true, force: true });
    for (const directory of [lab, downloads, downloading, `${lists}/lists/partial`, `${lists}/archives/partial`]) {
      mkdirSync(directory, { recursive: true });
    }
    await download(context);
    await unpack(context);
  },
  repair: `this machine's apt sources must be those of a Debian with ${META_PACKAGE}; see that its mirrors answer.`,
};

async function download(context) {
  if (find(downloads, /\.deb$/)) return;
  try {
    await downloadWith(context, []);
  } catch (error) {
    context.write(`${error.message}; trying again with fresh lists\n`);
    await context.run('apt-get', [...OWN_LISTS, ...AS_MYSELF, 'update']);
    await downloadWith(context, OWN_LISTS);
  }
}

async function downloadWith(context, options) {
  const depends = capture('apt-cache', [...options, 'depends', META_PACKAGE]) ?? '';
  const name = depends.match(/Depends: (linux-image-\S+)/)?.[1];
  if (!name) throw new Error(`apt knows no ${META_PACKAGE}`);
  await context.run('apt-get', [...options, ...AS_MYSELF, 'download', name], { cwd: downloading });
  const archive = find(downloading, /\.deb$/);
  renameSync(join(downloading, archive), join(downloads, archive));
}

async function unpack(context) {
  rmSync(kernelRoot, { recursive: true, force: true });
  await context.run('dpkg-deb', ['--extract', join(downloads, find(downloads, /\.deb$/)), kernelRoot]);
  const modules = find(join(kernelRoot, 'lib/modules'), /./);
  await context.run('depmod', ['-b', kernelRoot, modules]);
  copyFileSync(join(kernelRoot, 'boot', `vmlinuz-${modules}`), kernel);
}

function find(directory, pattern) {
  return readdirSync(directory).find((name) => pattern.test(name));
}
