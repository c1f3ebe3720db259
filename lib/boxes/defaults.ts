import { type CommandDefaults, mergeEnvironment } from '../exec/request';
import type { BoxRow } from '../store/schema';

/** What the commands of a box start from. */
export function commandDefaults({ options: { env, user, cwd }, imageConfig: image }: BoxRow): CommandDefaults {
  return {
    env: mergeEnvironment(image.env, env),
    user: user ?? (image.user || undefined),
    cwd: cwd ?? (image.cwd || undefined),
  };
}
