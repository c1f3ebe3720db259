import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from './sha256';

const oci = 'application/vnd.oci.image';
const docker = 'application/vnd.docker';

export interface Blob {
  mediaType: string;
  digest: string;
  size: number;
  data: Buffer;
}

/** An image in memory; the first blob is its manifest. */
export interface TestImage {
  manifest: Blob;
  blobs: Blob[];
}

export interface LayerContent {
  tar: Buffer;
  /** As stored; default gzip. */
  packed?: Buffer;
  mediaType?: string;
}

export interface ImageContent {
  layers: (Buffer | LayerContent)[];
  config?: object;
  platform?: { os: string; architecture: string };
  /** Docker's schema 2 types instead of OCI's. */
  isDocker?: boolean;
}

/** Makes an image of tar archives, the lowest first. */
export function testImage({ layers, config = {}, platform = amd64, isDocker = false }: ImageContent): TestImage {
  const contents = layers.map((layer) => (Buffer.isBuffer(layer) ? { tar: layer } : layer));
  const layerType = isDocker ? `${docker}.image.rootfs.diff.tar.gzip` : `${oci}.layer.v1.tar+gzip`;
  const packed = contents.map(({ tar, packed, mediaType }) => blob(mediaType ?? layerType, packed ?? gzipSync(tar)));
  const description = json(isDocker ? `${docker}.container.image.v1+json` : `${oci}.config.v1+json`, {
    ...platform,
    config,
    rootfs: { type: 'layers', diff_ids: contents.map(({ tar }) => digestOf(tar)) },
  });
  const mediaType = isDocker ? `${docker}.distribution.manifest.v2+json` : `${oci}.manifest.v1+json`;
  const manifest = json(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: bare(description),
    layers: packed.map(bare),
  });
  return { manifest, blobs: [description, ...packed] };
}

const amd64 = { os: 'linux', architecture: 'amd64' };

/** An index over images, each with its platform. */
export function testIndex(entries: { image: TestImage; platform?: object; annotations?: object }[], isDocker = false) {
  const mediaType = isDocker ? `${docker}.distribution.manifest.list.v2+json` : `${oci}.index.v1+json`;
  const manifests = entries.map(({ image, ...more }) => ({ ...bare(image.manifest), ...more }));
  return json(mediaType, { schemaVersion: 2, mediaType, manifests });
}

/** Writes images as an OCI layout, under those names. */
export function writeLayout(directory: string, images: Record<string, TestImage>): string {
  mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
  const manifests = Object.entries(images).map(([ref, { manifest, blobs }]) => {
    for (const { digest, data } of [manifest, ...blobs])
      writeFileSync(join(directory, 'blobs', ...digest.split(':')), data);
    return { ...bare(manifest), annotations: { 'org.opencontainers.image.ref.name': ref } };
  });
  writeFileSync(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  return directory;
}

export function blob(mediaType: string, data: Buffer): Blob {
  return { mediaType, digest: digestOf(data), size: data.length, data };
}

export function digestOf(data: Buffer): string {
  return `sha256:${sha256(data)}`;
}

export function bare({ mediaType, digest, size }: Blob) {
  return { mediaType, digest, size };
}

function json(mediaType: string, value: object): Blob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}
