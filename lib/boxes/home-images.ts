import { imageInfo, usableImage } from '../images/catalog';
import { loadImages } from '../images/load';
import { pullImage } from '../images/pull';
import { findImage, removeImage } from '../images/remove';
import type { ImageHome } from '../images/sweep';
import * as check from '../options';
import type { Call, ImageInfo, Images, Progress, RegistryAuth } from '../types';
import { Deadline } from '../util/deadline';
import { boxPaths } from './directory';
import type { Home } from './home';

type Tracked = <T>(call: Call, what: string, work: (deadline: Deadline) => Promise<T>) => Promise<T>;
type WithProgress = Call & { onProgress?: (p: Progress) => void };

const silent = () => {};

/** The images of a home, as a Runtime hands them out. */
export class HomeImages implements Images {
  readonly #home: () => Promise<Home>;
  readonly #call: Tracked;

  constructor(home: () => Promise<Home>, call: Tracked) {
    this.#home = home;
    this.#call = call;
  }

  async pull(ref: string, call: WithProgress & { auth?: RegistryAuth; insecure?: boolean } = {}): Promise<ImageInfo> {
    const { reference, onProgress = silent, auth, insecure, ...limits } = check.checkPull(ref, call);
    return this.#call(limits, 'images.pull', async (deadline) => {
      const pulled = await pullImage(await this.#home(), reference, { auth, insecure }, deadline, onProgress);
      return imageInfo(pulled);
    });
  }

  async load(source: { layout: string; ref?: string } | { archive: string }, call: WithProgress = {}) {
    const { source: checked, onProgress = silent, ...limits } = check.checkLoad(source, call);
    return this.#call(limits, 'images.load', async (deadline) => {
      const loaded = await loadImages(await this.#home(), checked, deadline, onProgress);
      return loaded.map(imageInfo);
    });
  }

  async get(ref: string, call: Call = {}): Promise<ImageInfo | null> {
    const name = check.imageName(ref, 'ref');
    return this.#call(check.checkCall(call, 'images.get'), 'images.get', async () => {
      const home = await this.#home();
      return usableImage(home.path, await findImage(home.store, name));
    });
  }

  /** By name. */
  async *list(call: Call = {}): AsyncGenerator<ImageInfo> {
    using deadline = Deadline.of(check.checkCall(call, 'images.list'), 'images.list');
    const home = await this.#home();
    for (const row of await home.store.images.list()) {
      deadline.throwIfOver();
      const image = await usableImage(home.path, row);
      if (image) yield image;
    }
  }

  async remove(ref: string, call: Call & { force?: boolean } = {}): Promise<boolean> {
    const { name, force, ...limits } = check.checkImageRemove(ref, call);
    return this.#call(limits, 'images.remove', async (deadline) =>
      removeImage(imageHome(await this.#home()), name, force, deadline),
    );
  }
}

/** A home as prune and remove need it. */
export function imageHome({ path, store }: Home): ImageHome {
  return { path, store, boxDisk: (id) => boxPaths(path, id).imageDisk };
}
