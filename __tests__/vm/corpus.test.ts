import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { goodCases } from '../helpers/corpus-good';
import { busyboxImage } from '../helpers/images';
import { testImage, writeLayout } from '../helpers/oci';
import { createdBox, tempRuntime } from '../helpers/runtimes';
import { dir, tar } from '../helpers/tar';

const isRoot = process.geteuid?.() === 0;
const runtime = tempRuntime();
const nameOf = (at: number) => `case${String(at).padStart(2, '0')}`;

/** Every case in a directory of its own, each with as many layers as it takes, all above busybox: one image, one boot. */
function corpusImage() {
  const blobs = join(busyboxImage(), 'blobs/sha256');
  const read = (digest: string) => readFileSync(join(blobs, digest.slice(7)));
  const { manifests } = JSON.parse(readFileSync(join(busyboxImage(), 'index.json'), 'utf8'));
  const manifest = JSON.parse(read(manifests[0].digest).toString());
  const { config } = JSON.parse(read(manifest.config.digest).toString());
  const packed = read(manifest.layers[0].digest);
  const cases = goodCases.map(([, layers], at) => layers(nameOf(at)));
  const most = Math.max(...cases.map((layers) => layers.length));
  const stacked = Array.from({ length: most }, (_, level) => [
    ...(level === 0 ? cases.map((_, at) => dir(nameOf(at))) : []),
    ...cases.flatMap((layers) => layers[level] ?? []),
  ]);
  const layers = stacked.map((entries) => tar(...entries));
  return testImage({ layers: [{ tar: gunzipSync(packed), packed }, ...layers], config });
}

// The same program looks at both trees. Sizes and link counts of directories are the file system's own affair.
const look = `find case* -exec stat -c '%n|%f|%u|%g|%s|%Y|%t:%T|%i|%N' {} + ; find case* -type f -exec sha256sum {} +`;

/** Lines of the look by case; an inode is named by the first name that has it. */
function trees(output: string): Record<string, string[]> {
  const inodes = new Map<string, string>();
  const found: Record<string, string[]> = {};
  for (const line of output.split('\n').filter(Boolean).sort()) {
    const name = /case\d\d/.exec(line)?.[0] ?? '';
    const [path = '', mode = '', uid, gid, size, time, device, inode = '', link] = line.split('|');
    if (inode !== '' && !inodes.has(inode)) inodes.set(inode, path);
    const isDirectory = mode.startsWith('4');
    const owner = isRoot ? `${uid}:${gid}` : '';
    const shown = [
      path,
      mode,
      owner,
      isDirectory ? '' : size,
      time,
      device,
      isDirectory ? '' : inodes.get(inode),
      link,
    ];
    found[name] = [...(found[name] ?? []), inode === '' ? line : shown.join('|')];
  }
  return found;
}

describe('an image of a layout', () => {
  let inBox: Record<string, string[]>;
  let unpacked: Record<string, string[]>;

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'boxlite-corpus-'));
    try {
      const layout = writeLayout(join(directory, 'layout'), { x: corpusImage() });
      const bundle = join(directory, 'bundle');
      execFileSync('umoci', ['unpack', ...(isRoot ? [] : ['--rootless']), '--image', `${layout}:x`, bundle]);
      const cwd = join(bundle, 'rootfs');
      unpacked = trees(execFileSync('/bin/busybox', ['sh', '-c', look], { cwd, encoding: 'utf8', maxBuffer: 1 << 24 }));
      const box = await createdBox(runtime, { image: { layout } });
      inBox = trees((await box.exec(look, { cwd: '/', check: true })).stdout);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test.each(goodCases.map(([name], at) => [name, nameOf(at)]))(
    'with %s looks in a box as umoci unpacks it',
    (_, name) => {
      expect(unpacked[name]?.length).toBeGreaterThan(0);
      expect(inBox[name]).toEqual(unpacked[name]);
    },
  );
});
