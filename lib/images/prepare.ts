import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError } from '../errors';
import type { ImageSource } from '../options';
import type { NamedImage } from '../store/images';
import type { Store } from '../store/open';
import type { ImageConfig } from '../store/schema';
import type { Progress } from '../types';
import type { Deadline } from '../util/deadline';
import { errnoOf } from '../util/files';
import { type BuildSource, type BuiltImage, buildImage, parseBuiltImage } from './build';
import { diskPath, diskRecordPath, hasDisk } from './disk';
import { holdStore } from './hold';
import { pullImage } from './pull';

export interface PreparedImage {
  /** As shown in listings. */
  ref: string;
  digest: string;
  config: ImageConfig;
  cached: boolean;
}

interface ImageHome {
  path: string;
  store: Store;
}

/** Makes sure that the image's disk exists. One that is there costs two look-ups, and no registry is asked. */
export async function prepareImage(
  home: ImageHome,
  source: ImageSource,
  deadline: Deadline,
  onProgress: (progress: Progress) => void,
): Promise<PreparedImage> {
  if ('digest' in source) return prepared(await ofDigest(home, source.digest), true);
  if (!('reference' in source)) return prepareLocal(home, source, deadline, onProgress);
  const known = await home.store.images.find(source.reference.name);
  if (known && (await hasDisk(home.path, known.digest))) {
    await home.store.images.touch(known.digest);
    return prepared(known, true);
  }
  const pulled = await pullImage(home, source.reference, {}, deadline, onProgress);
  return prepared(pulled, pulled.cached);
}

function prepared({ ref, digest, config }: NamedImage, cached: boolean): PreparedImage {
  return { ref, digest, config, cached };
}

async function ofDigest(home: ImageHome, digest: string): Promise<NamedImage> {
  const known = await home.store.images.findDigest(digest);
  if (known && (await hasDisk(home.path, known.digest))) {
    await home.store.images.touch(known.digest);
    return known;
  }
  throw new BoxliteError('image-not-found', `No image ${digest} in this home`, {
    hint: 'images.list() shows those that are here; a digest alone names no registry to pull from.',
  });
}

async function prepareLocal(
  home: ImageHome,
  source: Exclude<BuildSource, { stored: string }>,
  deadline: Deadline,
  onProgress: (progress: Progress) => void,
): Promise<PreparedImage> {
  const stampKey = await sourceStamp(source);
  const known = stampKey === null ? null : await knownImage(home, stampKey);
  if (known) return { ref: sourceName(source), digest: known.digest, config: known.config, cached: true };
  return holdStore(home.path, deadline, async (lock) => {
    const built = await buildImage(home.path, source, lock, deadline, onProgress);
    await home.store.images.put(built);
    if (stampKey !== null) await home.store.setMeta(stampKey, built.digest);
    return { ref: sourceName(source), digest: built.digest, config: built.config, cached: built.cached };
  });
}

async function knownImage({ path, store }: ImageHome, stampKey: string): Promise<BuiltImage | null> {
  const digest = await store.getMeta(stampKey);
  if (digest === null) return null;
  try {
    await stat(diskPath(path, digest));
    const known = parseBuiltImage(JSON.parse(await readFile(diskRecordPath(path, digest), 'utf8')));
    await store.images.touch(digest);
    return known;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Names the exact state of a local source, as far as one file tells it; null for a plain tree, which none does. */
async function sourceStamp(source: Exclude<BuildSource, { stored: string }>): Promise<string | null> {
  if ('rootfs' in source) return null;
  const file = 'layout' in source ? join(source.layout, 'index.json') : source.archive;
  const ref = 'ref' in source ? (source.ref ?? '') : '';
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return `image-source:${file}:${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}:${ref}`;
  } catch {
    // The build says what is wrong with it.
    return null;
  }
}

function sourceName(source: Exclude<BuildSource, { stored: string }>): string {
  if ('rootfs' in source) return source.rootfs;
  if ('archive' in source) return source.archive;
  return source.ref === undefined ? source.layout : `${source.layout}:${source.ref}`;
}
