import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageSource } from '../options';
import type { Store } from '../store/open';
import type { ImageConfig } from '../store/schema';
import type { Progress } from '../types';
import type { Deadline } from '../util/deadline';
import { errnoOf } from '../util/files';
import { type BuiltImage, buildImage, parseBuiltImage } from './build';
import { diskPath, diskRecordPath } from './disk';

export interface PreparedImage {
  /** As shown in listings. */
  ref: string;
  digest: string;
  config: ImageConfig;
  cached: boolean;
}

/** Makes sure that the image's disk exists; a source that has not changed since it was built last costs two stats. */
export async function prepareImage(
  home: { path: string; store: Store },
  source: ImageSource,
  deadline: Deadline,
  onProgress: (progress: Progress) => void,
): Promise<PreparedImage> {
  const stampKey = await sourceStamp(source);
  const known = stampKey === null ? null : await knownImage(home, stampKey);
  if (known) return { ref: sourceName(source), digest: known.digest, config: known.config, cached: true };
  const built = await buildImage(home.path, source, deadline, onProgress);
  if (stampKey !== null) await home.store.setMeta(stampKey, built.digest);
  return { ref: sourceName(source), digest: built.digest, config: built.config, cached: built.cached };
}

async function knownImage(
  { path, store }: { path: string; store: Store },
  stampKey: string,
): Promise<BuiltImage | null> {
  const digest = await store.getMeta(stampKey);
  if (digest === null) return null;
  try {
    await stat(diskPath(path, digest));
    return parseBuiltImage(JSON.parse(await readFile(diskRecordPath(path, digest), 'utf8')));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Names the exact state of a local source, as far as one file tells it; null for a plain tree, which none does. */
async function sourceStamp(source: ImageSource): Promise<string | null> {
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

function sourceName(source: ImageSource): string {
  if ('rootfs' in source) return source.rootfs;
  if ('archive' in source) return source.archive;
  return source.ref === undefined ? source.layout : `${source.layout}:${source.ref}`;
}
