import type { ImageSource } from '../options';
import type { ImageRow } from '../store/images';
import type { ImageConfig } from '../store/schema';
import type { Progress } from '../types';
import type { Deadline } from '../util/deadline';
import { imagesDirectory } from './disk';
import { runTool } from './tool';

/** What is built for: the boxes are x86-64 machines. */
export const platform = 'linux/amd64';

export type BuiltImage = ImageRow & { cached: boolean };

/** Something local, or what a pull brought, by the digest of its manifest. */
export type BuildSource = Exclude<ImageSource, { reference: unknown } | { digest: string }> | { stored: string };

/** Makes the image's disk, unless it is there; resolves when it is whole. */
export async function buildImage(
  home: string,
  source: BuildSource,
  lock: number,
  deadline: Deadline,
  onProgress: (progress: Progress) => void,
): Promise<BuiltImage> {
  const request = { source, images: imagesDirectory(home), platform };
  return parseBuiltImage(await runTool({ command: 'build', request, lock }, deadline, onProgress));
}

export function parseBuiltImage(value: unknown): BuiltImage {
  const { digest, cached, config, sizeBytes, diskBytes, platform: of } = value as BuiltImage & { config: ImageConfig };
  const { entrypoint, cmd, env, user, cwd, ports, labels = {} } = config;
  const known = { entrypoint, cmd, env, user, cwd, ports, labels };
  return { digest, cached, config: known, sizeBytes, diskBytes, platform: of };
}
