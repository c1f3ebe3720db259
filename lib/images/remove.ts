import { BoxliteError } from '../errors';
import type { ImageName } from '../options';
import type { NamedImage } from '../store/images';
import type { Store } from '../store/open';
import type { Deadline } from '../util/deadline';
import { type ImageHome, sweepImages } from './sweep';

export function findImage(store: Store, name: ImageName): Promise<NamedImage | null> {
  return 'digest' in name ? store.images.findDigest(name.digest) : store.images.find(name.reference.name);
}

/**
 * Takes a name away, and with the last one the image itself; a digest means all its names. Boxes that were made of it
 * keep its disk. Without `force` an image with boxes stays: 'box-state'.
 */
export async function removeImage(
  home: ImageHome,
  name: ImageName,
  force: boolean,
  deadline: Deadline,
): Promise<boolean> {
  const found = await findImage(home.store, name);
  if (!found) return false;
  const use = (await home.store.images.uses()).find(({ digest }) => digest === found.digest);
  const others = 'digest' in name ? [] : (use?.refs.filter((ref) => ref !== found.ref) ?? []);
  if (others.length > 0) return home.store.images.removeRef(found.ref);
  const [box] = use?.boxes ?? [];
  if (box !== undefined && !force) {
    throw new BoxliteError(
      'box-state',
      `The image ${found.ref} is not removed: ${use?.boxes.length} boxes were made of it`,
      {
        box,
        hint: 'Remove the boxes first, or pass { force: true }: they keep working.',
      },
    );
  }
  const isIt = ({ digest }: { digest: string }) => digest === found.digest;
  await sweepImages(
    home,
    { unused: (uses) => uses.filter(isIt), maxBytes: 0, orphans: false, dryRun: false },
    deadline,
  );
  return true;
}
