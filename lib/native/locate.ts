import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { BoxliteError } from '../errors';
import { errnoOf } from '../util/files';

export const addonName = 'boxlite.node';
export const platformPackage = '@boxlite/sdk-linux-x64-gnu';

/** One place where the native files may be, and what was found there. */
export interface NativePlace {
  kind: 'environment' | 'package' | 'development';
  /** Null when the place itself does not exist. */
  directory: string | null;
  found: boolean;
}

/**
 * The places in the order in which they count. BOXLITE_NATIVE_DIR, once set, is the only one: what was asked for by name
 * is never replaced silently.
 */
export function nativePlaces(environment: NodeJS.ProcessEnv = process.env): NativePlace[] {
  const named = environment.BOXLITE_NATIVE_DIR;
  if (named) return [place('environment', absolute(named))];
  const root = packageRoot();
  return [place('package', installedPackage()), place('development', root && join(root, 'out', 'native'))];
}

function place(kind: NativePlace['kind'], directory: string | null): NativePlace {
  return { kind, directory, found: directory !== null && existsSync(join(directory, addonName)) };
}

function absolute(directory: string): string {
  if (isAbsolute(directory)) return directory;
  throw new BoxliteError(
    'invalid-argument',
    `Expected an absolute path for BOXLITE_NATIVE_DIR but received '${directory}'`,
    {
      hint: 'Set BOXLITE_NATIVE_DIR to the whole path of the directory that holds boxlite.node, or unset it.',
    },
  );
}

function installedPackage(): string | null {
  try {
    return dirname(createRequire(__filename).resolve(`${platformPackage}/package.json`));
  } catch {
    return null;
  }
}

/** The directory of this package, from wherever in it this code runs: lib/ or dist/. */
function packageRoot(): string | null {
  for (let directory = __dirname; ; directory = dirname(directory)) {
    if (packageName(directory) === '@boxlite/sdk') return directory;
    if (directory === dirname(directory)) return null;
  }
}

function packageName(directory: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { name?: unknown }).name;
  } catch (error) {
    // With no descriptor left nothing can be found: that is not the same as nothing being there.
    const isExhausted = errnoOf(error) === 'EMFILE' || errnoOf(error) === 'ENFILE';
    if (!isExhausted && (errnoOf(error) !== undefined || error instanceof SyntaxError)) return undefined;
    throw error;
  }
}
