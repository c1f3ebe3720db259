import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Blob, bare, blob, digestOf, type TestImage, testImage, writeLayout } from './oci';
import { dir, file, hardLink, symlink, type TarEntry, tar } from './tar';

/** What becomes of a hostile image: refused with one of the codes, or of no harm at all. */
export type HostileCase = [name: string, codes: string, write: (layout: string, canary: string) => void];

const layers = (...content: TarEntry[][]) => testImage({ layers: content.map((entries) => tar(...entries)) });
const layout = (make: (canary: string) => TestImage) => (path: string, canary: string) => {
  writeLayout(path, { x: make(canary) });
};
const entries = (make: (canary: string) => TarEntry[][]) => layout((canary) => layers(...make(canary)));
const ofLayer = (content: Buffer, packed?: Buffer) =>
  layout(() => testImage({ layers: [{ tar: content, ...(packed ? { packed } : {}) }] }));
const up = '../'.repeat(20);
const whole = tar(file('f', Buffer.alloc(100_000, 'x')));

export const hostileCases: HostileCase[] = [
  ['a path that climbs out', 'harmless image-invalid', entries((c) => [[file(`${up}${c}/x`, 'x')]])],
  ['an absolute path', 'harmless', entries((c) => [[file(`${c}/x`, 'x')]])],
  ['a path that climbs inside', 'harmless image-invalid', entries((c) => [[file(`a/../../..${c}/x`, 'x')]])],
  ['a write through a link to the root', 'harmless', entries((c) => [[symlink('l', '/'), file(`l${c}/x`, 'x')]])],
  ['a write through a link that climbs', 'harmless', entries((c) => [[symlink('l', `${up}${c}`), file('l/x', 'x')]])],
  ['a write through a link in a lower layer', 'harmless', entries((c) => [[symlink('l', c)], [file('l/canary', 'x')]])],
  ['a write over a link to a file', 'harmless', entries((c) => [[symlink('l', `${c}/canary`)], [file('l', 'x')]])],
  ['a hard link that climbs', 'image-invalid', entries((c) => [[hardLink('x', `${up}${c}/canary`)]])],
  ['a hard link to an absolute path', 'image-invalid', entries((c) => [[hardLink('x', `${c}/canary`)]])],
  ['a hard link through a link', 'image-invalid', entries((c) => [[symlink('l', c), hardLink('x', 'l/canary')]])],
  [
    'a hard link to a link that leads out',
    'harmless',
    entries((c) => [[symlink('l', `${c}/canary`), hardLink('x', 'l')]]),
  ],
  ['a hard link to itself', 'image-invalid', entries(() => [[hardLink('x', 'x')]])],
  ['a hard link to a directory', 'image-invalid', entries(() => [[dir('d'), hardLink('x', 'd')]])],
  ['a whiteout that climbs', 'harmless image-invalid', entries((c) => [[file(`${up}${c}/.wh.canary`, '')]])],
  ['a whiteout through a link', 'harmless', entries((c) => [[symlink('l', c)], [file('l/.wh.canary', '')]])],
  ['a whiteout of nothing', 'harmless image-invalid', entries(() => [[file('d/.wh.', '')]])],
  ['a whiteout of this directory', 'harmless image-invalid', entries(() => [[file('d/.wh..', '')]])],
  ['a whiteout of the one above', 'harmless image-invalid', entries(() => [[file('d/.wh...', '')]])],
  ['an emptied root', 'harmless', entries(() => [[file('f', 'x')], [file('.wh..wh..opq', '')]])],
  ['links in a circle', 'image-invalid', entries(() => [[symlink('a', 'b'), symlink('b', 'a'), file('a/x', 'x')]])],
  ['a name too long', 'image-invalid limit', entries(() => [[file('n'.repeat(256), 'x')]])],
  ['a path too long', 'image-invalid limit', entries(() => [[file('dir/'.repeat(1100), 'x')]])],
  ['a NUL in a name', 'image-invalid', entries(() => [[file('x', 'x', { pax: { path: 'a\0b' } })]])],
  ['a size beyond all', 'image-invalid limit', entries(() => [[file('x', 'x', { pax: { size: `${2 ** 52}` } })]])],
  ['an entry of an unknown type', 'harmless image-invalid', entries(() => [[file('x', 'x', { flag: 'Z' })]])],
  [
    "overlayfs's own attributes",
    'harmless',
    entries(() => [[dir('d', { xattrs: { 'trusted.overlay.opaque': 'y' } })]]),
  ],
  ['a layer cut short', 'image-invalid', ofLayer(whole, gzipSync(whole).subarray(0, 60))],
  ['a tar cut short', 'image-invalid', ofLayer(whole.subarray(0, 50_000))],
  ['a layer that is no tar', 'image-invalid', ofLayer(Buffer.alloc(4096, 'no tar '))],
  ['a layer that unpacks to something else', 'image-invalid', ofLayer(whole, gzipSync(tar(file('g', 'other'))))],
  ['rubbish behind a layer', 'image-invalid', ofLayer(whole, Buffer.concat([gzipSync(whole), Buffer.from('rubbish')]))],
  ['a blob that is something else', 'image-invalid', changed(1, () => Buffer.from('something else'))],
  ['a config that is no JSON', 'image-invalid', withConfig(Buffer.from('{'))],
  ['a config that is too large', 'limit', withConfig(Buffer.alloc(9 << 20, ' '))],
  ['a config with a NUL', 'image-invalid', layout(() => testImage({ layers: [whole], config: { Env: ['A=b\0c'] } }))],
  ['a blob that is a link to a file of the host', 'image-invalid permission', linkedBlob],
  [
    'a blob that is missing',
    'image-invalid',
    (path) => {
      const image = layers([file('f', 'x')]);
      writeLayout(path, { x: image });
      rmSync(join(path, 'blobs', ...(image.blobs[1]?.digest.split(':') ?? [])));
    },
  ],
  ['fewer layers than the config says', 'image-invalid', (path) => editedManifest(path, (m) => ({ ...m, layers: [] }))],
  [
    'a digest that is a path',
    'image-invalid',
    (path, canary) =>
      editedManifest(path, (m) => ({ ...m, layers: [{ ...m.layers[0], digest: `sha256:${up}${canary}/canary` }] })),
  ],
  [
    'a layer of another kind',
    'image-invalid',
    (path) => editedManifest(path, (m) => ({ ...m, layers: [{ ...m.layers[0], mediaType: 'text/plain' }] })),
  ],
  ['an index that holds itself', 'image-invalid', (path) => nested(path, 1, true)],
  ['indexes in indexes', 'image-invalid', (path) => nested(path, 40, false)],
  [
    'an index without end',
    'limit image-not-found',
    (path) => {
      writeLayout(path, {});
      const manifest = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: '', size: 0 };
      const empty = blob(manifest.mediaType, Buffer.from('{"schemaVersion":2,"manifests":[]}'));
      put(path, empty);
      topIndex(
        path,
        Array.from({ length: 5000 }, () => bare(empty)),
      );
    },
  ],
];

interface ManifestText {
  layers: { digest: string; mediaType: string; size: number }[];
  [key: string]: unknown;
}

function editedManifest(path: string, edit: (manifest: ManifestText) => object): void {
  const image = layers([file('f', 'x')]);
  const { mediaType, data } = image.manifest;
  const manifest = blob(mediaType, Buffer.from(JSON.stringify(edit(JSON.parse(data.toString())))));
  writeLayout(path, { x: { ...image, manifest } });
}

function changed(at: number, content: () => Buffer) {
  return (path: string) => {
    const image = layers([file('f', 'x')]);
    writeLayout(path, { x: image });
    writeFileSync(join(path, 'blobs', ...(image.blobs[at]?.digest.split(':') ?? [])), content());
  };
}

function withConfig(data: Buffer) {
  return (path: string) => {
    const image = layers([file('f', 'x')]);
    const config = blob('application/vnd.oci.image.config.v1+json', data);
    const text = { ...JSON.parse(image.manifest.data.toString()), config: bare(config) };
    const manifest = blob(image.manifest.mediaType, Buffer.from(JSON.stringify(text)));
    writeLayout(path, { x: { manifest, blobs: [...image.blobs, config] } });
  };
}

function linkedBlob(path: string, canary: string): void {
  const image = layers([file('f', 'x')]);
  writeLayout(path, { x: image });
  const stored = join(path, 'blobs', ...(image.blobs[1]?.digest.split(':') ?? []));
  rmSync(stored);
  symlinkSync(join(canary, 'canary'), stored);
}

/** Indexes that hold one another; one that holds itself can only lie about its digest. */
function nested(path: string, depth: number, isCyclic: boolean): void {
  writeLayout(path, {});
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const index = (manifests: object[]): Blob =>
    blob(mediaType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests })));
  const image = layers([file('f', 'x')]);
  for (const each of [image.manifest, ...image.blobs]) put(path, each);
  let top = index([bare(image.manifest)]);
  put(path, top);
  for (let level = 1; level < depth; level++) {
    top = index([bare(top)]);
    put(path, top);
  }
  if (isCyclic) {
    const name = digestOf(Buffer.from('itself'));
    const self = index([{ mediaType, digest: name, size: 0 }]);
    put(path, { ...self, digest: name });
    topIndex(path, [{ mediaType, digest: name, size: self.size }]);
  } else topIndex(path, [bare(top)]);
}

function put(path: string, { digest, data }: Blob): void {
  const at = join(path, 'blobs', ...digest.split(':'));
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, data);
}

function topIndex(path: string, manifests: object[]): void {
  writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
}
