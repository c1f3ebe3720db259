import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageInfo, type Images, Runtime } from '../../lib/index';
import { tempHome } from './homes';

const runtimes: Runtime[] = [];

/** The images of a home of its own; for tests that need no box. */
export function tempImages(home = tempHome()): { images: Images; home: string; runtime: Runtime } {
  const runtime = new Runtime({ home, engine: 'qemu' });
  runtimes.push(runtime);
  return { images: runtime.images, home, runtime };
}

/** For afterEach. */
export async function closeImages(): Promise<void> {
  for (const runtime of runtimes.splice(0)) await runtime.close();
}

export async function listed(images: Images): Promise<string[]> {
  const all: ImageInfo[] = [];
  for await (const image of images.list()) all.push(image);
  return all.map(({ ref }) => ref);
}

/** The files of a part of a home's store. */
export function stored(home: string, part: string): string[] {
  const path = join(home, 'images', part);
  return existsSync(path) ? readdirSync(path).sort() : [];
}
