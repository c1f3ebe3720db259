import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { NativeContract } from './contract';
import { cannotLoad, fileMissing, nothingFound } from './failure';
import { addonName, nativePlaces } from './locate';

let loaded: { directory: string; addon: NativeContract } | undefined;

/** The addon, loaded at the first call. Throws 'native-missing' with what was looked for and the repair. */
export function native(): NativeContract {
  return load().addon;
}

/** The path of a file that ships beside the addon, such as boxlite-shim. Throws 'native-missing' when it is not there. */
export function nativeFile(name: string): string {
  const path = join(load().directory, name);
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw fileMissing(path);
  }
  return path;
}

// All files come out of the directory of the addon: versions are never mixed.
function load(): { directory: string; addon: NativeContract } {
  if (loaded) return loaded;
  const places = nativePlaces();
  const directory = places.find((place) => place.found)?.directory;
  if (!directory) throw nothingFound(places);
  const path = join(directory, addonName);
  const module = { exports: {} as NativeContract };
  try {
    process.dlopen(module, path);
  } catch (error) {
    throw cannotLoad(path, error);
  }
  loaded = { directory, addon: module.exports };
  return loaded;
}
