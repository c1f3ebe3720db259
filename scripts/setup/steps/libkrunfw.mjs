import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../command.mjs';
import { installFile, sha256 } from '../files.mjs';
import { cache, native, root } from '../paths.mjs';

const pin = JSON.parse(readFileSync(join(root, 'third_party/libkrunfw.json'), 'utf8'));
const fileName = `${pin.package}_${pin.version}_${pin.architecture}.deb`;
const archive = join(cache, fileName);

export default {
  id: 'libkrunfw',
  title: 'libkrunfw',
  script: import.meta.url,
  inputs: ['third_party/libkrunfw.json'],
  outputs: ['out/native/libkrunfw.so.5'],
  async run(context) {
    if (!existsSync(archive) || sha256(archive) !== pin.sha256) await download(context);
    const unpacked = join(cache, 'libkrunfw');
    rmSync(unpacked, { recursive: true, force: true });
    await context.run('dpkg-deb', ['--extract', archive, unpacked]);
    installFile(join(unpacked, pin.library), join(native, 'libkrunfw.so.5'));
    rmSync(unpacked, { recursive: true });
  },
  repair: `get ${fileName} (sha256 ${pin.sha256}) from a Debian mirror or archive and put it into out/cache.`,
};

/** The package is of a newer Debian than this machine's: the machine's own mirrors have it in their pool, by its name. */
async function download(context) {
  for (const mirror of mirrors()) {
    const address = `${mirror.replace(/\/$/, '')}/${pin.directory}/${fileName}`;
    try {
      await context.run('/usr/lib/apt/apt-helper', [
        'download-file',
        address,
        `${archive}.part`,
        `SHA256:${pin.sha256}`,
      ]);
      renameSync(`${archive}.part`, archive);
      return;
    } catch (error) {
      context.write(`${error.message}\n`);
    }
  }
  throw new Error(`no mirror of this machine's apt sources gave ${fileName}`);
}

function mirrors() {
  const sources = capture('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']) ?? '';
  return [...new Set(sources.split('\n').filter((line) => line !== ''))];
}
