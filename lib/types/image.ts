import type { Call } from './call';

export interface Images {
  /** Resolves with what is now usable offline. Resumable; concurrent pulls of one image share the work, across processes too. */
  pull(
    ref: string,
    call?: Call & { onProgress?: (p: Progress) => void; auth?: RegistryAuth; insecure?: boolean },
  ): Promise<ImageInfo>;
  load(
    source: { layout: string; ref?: string } | { archive: string },
    call?: Call & { onProgress?: (p: Progress) => void },
  ): Promise<ImageInfo[]>;
  get(ref: string, call?: Call): Promise<ImageInfo | null>;
  list(call?: Call): AsyncIterable<ImageInfo>;
  remove(ref: string, call?: Call & { force?: boolean }): Promise<boolean>;
}

/** Without it: the user's Docker config and its credential helpers. */
export type RegistryAuth = { username: string; password: string } | { token: string };

export interface ImageInfo {
  ref: string;
  digest: string;
  platform: string;
  sizeBytes: number;
  diskBytes: number;
  pulledAt: Date;
  config: {
    entrypoint: string[];
    cmd: string[];
    env: Record<string, string>;
    user: string;
    cwd: string;
    ports: string[];
    labels: Record<string, string>;
  };
}

/** The image of a box, as it was when the box was made. */
export type BoxImage = Pick<ImageInfo, 'ref' | 'digest' | 'config'>;

export interface Progress {
  phase: 'resolve' | 'download' | 'build' | 'boot' | 'ready';
  doneBytes?: number;
  totalBytes?: number;
  text: string;
}
