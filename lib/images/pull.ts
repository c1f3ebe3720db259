import { BoxliteError } from '../errors';
import type { ImageReference } from '../options';
import type { NamedImage } from '../store/images';
import type { Store } from '../store/open';
import type { Progress, RegistryAuth } from '../types';
import type { Deadline } from '../util/deadline';
import { type BuiltImage, buildImage, parseBuiltImage, platform } from './build';
import { imagesDirectory } from './disk';
import { holdStore } from './hold';
import { runTool } from './tool';

export interface PullOptions {
  auth?: RegistryAuth | undefined;
  /** Allows plain http to any host. */
  insecure?: boolean;
}

interface Pulled {
  digest: string;
  /** What the reference names in the registry. */
  target: string;
  /** The disk was there; then the rest of a build's result is here too. */
  cached: boolean;
  /** Of layers, over the network. */
  fetchedBytes: number;
}

/** Asks the registry what the reference names now, brings what is missing of it, and makes its disk. */
export async function pullImage(
  home: { path: string; store: Store },
  reference: ImageReference,
  options: PullOptions,
  deadline: Deadline,
  onProgress: (progress: Progress) => void,
): Promise<NamedImage & { cached: boolean }> {
  return holdStore(home.path, deadline, async (lock) => {
    const pull = { home: home.path, reference, options, lock, deadline, onProgress };
    const { target, image } = await pulledAndBuilt(pull);
    const ref = { ref: reference.name, target, pulledAt: Date.now() };
    await home.store.images.put(image, ref);
    return { ...image, ...ref };
  });
}

interface Pull {
  home: string;
  reference: ImageReference;
  options: PullOptions;
  lock: number;
  deadline: Deadline;
  onProgress: (progress: Progress) => void;
}

async function pulledAndBuilt(pull: Pull): Promise<{ target: string; image: BuiltImage }> {
  const pulled = await fetchImage(pull, false);
  if (pulled.cached) return { target: pulled.target, image: parseBuiltImage(pulled) };
  const { home, lock, deadline, onProgress } = pull;
  const build = () => buildImage(home, { stored: pulled.digest }, lock, deadline, onProgress);
  try {
    return { target: pulled.target, image: await build() };
  } catch (error) {
    if (!BoxliteError.is(error, 'image-invalid')) throw error;
    // A blob that was here before may be what is damaged: then it comes anew, once.
    const again = await fetchImage(pull, true);
    if (again.fetchedBytes === 0) throw error;
    return { target: again.target, image: await build() };
  }
}

function fetchImage({ home, reference, options, lock, deadline, onProgress }: Pull, verify: boolean): Promise<Pulled> {
  const { auth, insecure = false } = options;
  const request = { reference: reference.name, images: imagesDirectory(home), platform, auth, insecure, verify };
  // The user's own environment: proxies, where Docker's config lies, and what credential helpers need.
  return runTool<Pulled>({ command: 'pull', request, lock, env: process.env }, deadline, onProgress);
}
