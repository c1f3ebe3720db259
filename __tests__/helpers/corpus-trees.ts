import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Box } from '../../lib/index';
import { type GoodCase, goodCases } from './corpus-good';
import { busyboxImage } from './images';
import { type LayerContent, type TestImage, testImage } from './oci';
import { dir, file, type TarEntry, tar } from './tar';

/** What was found of each case, by the name of its directory. */
export type Trees = Record<string, string[]>;

export const isRoot = process.geteuid?.() === 0;
const showXattrs = join(__dirname, '../../out/cmake/boxlite-show-xattrs');

/** The directory of a case, the same in every image. */
export const directoryOf = (one: GoodCase) => `case${String(goodCases.indexOf(one)).padStart(2, '0')}`;

/** Cases above busybox in one image, each in a directory of its own and with as many layers as it takes. */
export function corpusImage(cases: readonly GoodCase[]): TestImage {
  const made = cases.map((one) => ({ path: directoryOf(one), layers: one[1](directoryOf(one)) }));
  const most = Math.max(...made.map(({ layers }) => layers.length));
  const stacked = Array.from({ length: most }, (_, level): TarEntry[] => [
    ...(level === 0 ? made.map(({ path }) => dir(path)) : []),
    ...made.flatMap(({ layers }) => layers[level] ?? []),
  ]);
  const { config, layers } = base();
  return testImage({ layers: [...layers, ...stacked.map((entries) => tar(...entries))], config });
}

let known: { config: object; layers: LayerContent[] } | undefined;

/** Busybox, and the program that shows attributes, which busybox cannot. */
function base(): { config: object; layers: LayerContent[] } {
  if (known) return known;
  const blobs = join(busyboxImage(), 'blobs/sha256');
  const read = (digest: string) => readFileSync(join(blobs, digest.slice(7)));
  const { manifests } = JSON.parse(readFileSync(join(busyboxImage(), 'index.json'), 'utf8'));
  const manifest = JSON.parse(read(manifests[0].digest).toString());
  const { config } = JSON.parse(read(manifest.config.digest).toString());
  const packed = read(manifest.layers[0].digest);
  const shows = tar(file('bin/show-xattrs', readFileSync(showXattrs), { mode: 0o755 }));
  known = { config, layers: [packed, gzipSync(shows)].map((each) => ({ tar: gunzipSync(each), packed: each })) };
  return known;
}

export async function treesInBox(box: Box): Promise<Trees> {
  return trees((await box.exec(look('show-xattrs'), { cwd: '/', check: true })).stdout);
}

/** As umoci unpacks an image of a layout. */
export function treesByUmoci(image: string, bundle: string): Trees {
  execFileSync('umoci', ['unpack', ...(isRoot ? [] : ['--rootless']), '--image', image, bundle], { stdio: 'ignore' });
  const options = { cwd: join(bundle, 'rootfs'), encoding: 'utf8', maxBuffer: 1 << 24 } as const;
  return trees(execFileSync('/bin/busybox', ['sh', '-c', look(showXattrs)], options));
}

/** The same programs look at both trees. An ordinary user can neither set nor see all attributes. */
function look(showXattrs: string): string {
  const attributes = isRoot ? `; find case* -exec ${showXattrs} {} +` : '';
  return `set -e; find case* -exec stat -c '%n|%f|%u|%g|%s|%Y|%t:%T|%i|%N' {} + ; find case* -type f -exec sha256sum {} +${attributes}`;
}

/** Lines of the look by case; an inode is named by the first name that has it. */
function trees(output: string): Trees {
  const inodes = new Map<string, string>();
  const found: Trees = {};
  for (const line of output.split('\n').filter(isOfImage).sort()) {
    const name = /case\d\d/.exec(line)?.[0] ?? '';
    found[name] = [...(found[name] ?? []), shown(line, inodes)];
  }
  return found;
}

/** A host with SELinux labels what umoci unpacks. */
function isOfImage(line: string): boolean {
  return line !== '' && !line.includes('|security.selinux=');
}

/** Sizes and link counts of directories are the file system's own affair. */
function shown(line: string, inodes: Map<string, string>): string {
  const [path = '', mode = '', uid, gid, size, time, device, inode = '', link] = line.split('|');
  if (inode === '') return line;
  if (!inodes.has(inode)) inodes.set(inode, path);
  const owner = isRoot ? `${uid}:${gid}` : '';
  const isDirectory = mode.startsWith('4');
  const own = isDirectory ? ['', ''] : [size, inodes.get(inode)];
  return [path, mode, owner, ...own, time, device, link].join('|');
}
