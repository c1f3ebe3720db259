import type { NamedImage } from '../store/images';
import type { ImageInfo } from '../types';
import { hasDisk } from './disk';

/** An image as listings show it. */
export function imageInfo(row: NamedImage): ImageInfo {
  const { ref, digest, platform, sizeBytes, diskBytes, config, pulledAt } = row;
  return { ref, digest, platform, sizeBytes, diskBytes, pulledAt: new Date(pulledAt), config };
}

/** Only what can be used now: a row whose disk is gone is no image. */
export async function usableImage(home: string, row: NamedImage | null): Promise<ImageInfo | null> {
  return row && (await hasDisk(home, row.digest)) ? imageInfo(row) : null;
}
