import { BoxliteError } from '../errors';
import { addonName, type NativePlace, platformPackage } from './locate';

/** No place holds the native files, or this machine is none they exist for: what was looked for, and the repair. */
export function nothingFound(places: readonly NativePlace[]): BoxliteError {
  const looked = places.map((place) => `  - ${describe(place)}`).join('\n');
  const message = `${addonName} was not found. This is ${platformName()}. Looked in:\n${looked}`;
  return new BoxliteError('native-missing', message, { hint: repair(places) });
}

/** The addon is there and does not load. */
export function cannotLoad(path: string, cause: unknown): BoxliteError {
  const text = cause instanceof Error ? cause.message : String(cause);
  // dlopen(3) gives a text and no errno.
  if (/Too many open files|Cannot allocate memory/.test(text)) {
    const hint = 'Raise the limit of open files of this process (ulimit -n), or free memory.';
    return new BoxliteError('limit', `Loading ${path} failed: ${text}`, { hint, retryable: true, cause });
  }
  return new BoxliteError('native-missing', `Loading ${path} failed on ${platformName()}: ${text}`, {
    hint: isSupported() ? `It may be damaged or built for another system: ${reinstall}.` : onlyOn,
    cause,
  });
}

/** The addon is there and a file that ships beside it is not. */
export function fileMissing(path: string): BoxliteError {
  return new BoxliteError('native-missing', `${path} is missing`, {
    hint: `It belongs beside ${addonName}: ${reinstall}; in a source tree, run \`npm run setup\`.`,
  });
}

const onlyOn =
  'The native files exist for linux on x64 with glibc; run there, for instance in a Debian or Ubuntu container.';
const reinstall = `reinstall with \`npm install --include=optional ${platformPackage}\``;

function repair(places: readonly NativePlace[]): string {
  if (!isSupported()) return onlyOn;
  if (places.some((place) => place.kind === 'environment')) {
    return `Point BOXLITE_NATIVE_DIR at the directory that holds ${addonName}, or unset it.`;
  }
  return [
    `Install the platform package with \`npm install --include=optional ${platformPackage}\`.`,
    'A lock file made on another system, --omit=optional, or node_modules copied between systems leaves it out.',
    'In a source tree, run `npm run setup`.',
  ].join(' ');
}

function describe({ kind, directory }: NativePlace): string {
  if (kind === 'environment') return `BOXLITE_NATIVE_DIR: ${directory}`;
  if (kind === 'package') return `the package ${platformPackage}: ${directory ?? 'not installed'}`;
  return `the build directory of the source tree: ${directory ?? 'not in one'}`;
}

function platformName(): string {
  const libc =
    process.platform === 'linux'
      ? ` with ${glibcVersion() ? `glibc ${glibcVersion()}` : 'another libc than glibc'}`
      : '';
  return `${process.platform} on ${process.arch}${libc}, Node ${process.versions.node}`;
}

function isSupported(): boolean {
  return process.platform === 'linux' && process.arch === 'x64' && glibcVersion() !== undefined;
}

function glibcVersion(): string | undefined {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime;
}
