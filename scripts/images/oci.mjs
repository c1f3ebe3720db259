import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const TYPE = 'application/vnd.oci.image';

/** Whether an image was made there; what is half made has another name. */
export function hasLayout(directory) {
  return existsSync(join(directory, 'index.json'));
}

/** Writes an OCI image layout of one image: its layers are tar archives, the lowest first. */
export function writeLayout(directory, { layers, config, ref }) {
  const fresh = `${directory}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(join(fresh, 'blobs/sha256'), { recursive: true });
  const image = writeJson(fresh, `${TYPE}.config.v1+json`, {
    architecture: 'amd64',
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(digest) },
  });
  const manifest = writeJson(fresh, `${TYPE}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${TYPE}.manifest.v1+json`,
    config: image,
    layers: layers.map((layer) => writeBlob(fresh, `${TYPE}.layer.v1.tar+gzip`, gzipSync(layer))),
  });
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': ref } };
  writeFileSync(join(fresh, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(
    join(fresh, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests: [named] }),
  );
  rmSync(directory, { recursive: true, force: true });
  renameSync(fresh, directory);
}

function writeJson(directory, mediaType, value) {
  return writeBlob(directory, mediaType, Buffer.from(JSON.stringify(value)));
}

function writeBlob(directory, mediaType, data) {
  const name = digest(data);
  writeFileSync(join(directory, 'blobs', ...name.split(':')), data);
  return { mediaType, digest: name, size: data.length };
}

function digest(data) {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}
