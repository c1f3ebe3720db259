import { BoxliteError } from '../errors';
import { parseReference } from '../options';
import type { NamedImage } from '../store/images';
import type { Store } from '../store/open';
import type { Progress } from '../types';
import type { Deadline } from '../util/deadline';
import { type BuiltImage, buildImage, platform } from './build';
import { imagesDirectory } from './disk';
import { holdStore } from './hold';
import { runTool } from './tool';

export type LoadSource = { layout: string; ref?: string } | { archive: string };

interface Listed {
  ref: string;
  names: string[];
}

/** Takes every image for this platform from a layout or an archive, or the one that `ref` names. */
export async function loadImages(
  home: { path: string; store: Store },
  source: LoadSource,
  deadline: Deadline,
  onProgress: (progress: Progress) => void,
): Promise<NamedImage[]> {
  return holdStore(home.path, deadline, async (lock) => {
    const request = { source, images: imagesDirectory(home.path), platform };
    const { images } = await runTool<{ images: Listed[] }>({ command: 'inspect', request, lock }, deadline);
    const wanted = chosen(images, source);
    const loaded: NamedImage[] = [];
    const foreign: BoxliteError[] = [];
    for (const { ref, names } of wanted) {
      const one = 'layout' in source ? { layout: source.layout, ref } : { archive: source.archive, ref };
      try {
        const built = await buildImage(home.path, one, lock, deadline, onProgress);
        loaded.push(...(await written(home.store, built, names)));
      } catch (error) {
        // One of another platform is no reason not to load the rest.
        if (!BoxliteError.is(error, 'image-not-found')) throw error;
        foreign.push(error);
      }
    }
    if (loaded.length > 0) return loaded;
    throw (
      foreign[0] ??
      new BoxliteError('image-not-found', 'There is no image to load', { hint: 'Save one into it first.' })
    );
  });
}

/** With a ref that is not in the list, the build says what is there instead. */
function chosen(images: Listed[], source: LoadSource): Listed[] {
  if (!('ref' in source) || source.ref === undefined) return images;
  const { ref } = source;
  const found = images.filter((image) => image.ref === ref || image.names.some((name) => isSame(name, ref)));
  return found.length > 0 ? found : [{ ref, names: [] }];
}

function isSame(one: string, other: string): boolean {
  return one === other || (parseReference(one)?.name ?? one) === (parseReference(other)?.name ?? other);
}

async function written(store: Store, built: BuiltImage, names: string[]): Promise<NamedImage[]> {
  const known = names.flatMap((name) => parseReference(name)?.name ?? []);
  const refs = known.map((ref) => ({ ref, target: built.digest, pulledAt: Date.now() }));
  if (refs.length === 0) refs.push({ ref: built.digest, target: built.digest, pulledAt: Date.now() });
  for (const ref of refs) await store.images.put(built, ref);
  return refs.map((ref) => ({ ...built, ...ref }));
}
