import type { BoxOptions } from '../types';
import { defaults } from './defaults';
import { checkSize, environment } from './environment';
import { expected } from './failure';
import { type Check, type Checks, checkFields, optional, withDefault } from './fields';
import { type ImageSource, imageSource } from './image-source';
import { labels } from './labels';
import { later, laterUnlessEmptyArray, laterUnlessEmptyObject } from './later';
import { type CheckedNetwork, type NetworkSettings, network } from './network';
import { type CheckedPort, ports } from './ports';
import { type CheckedReady, ready } from './ready';
import { user } from './user';
import { boolean, callback, guestPath, integer, milliseconds } from './values';

/** What each start of a box needs to know. */
export interface BoxSettings {
  cpus: number;
  memoryMiB: number;
  diskMiB: number;
  user?: string | undefined;
  cwd?: string | undefined;
  env: Record<string, string>;
  hostname?: string | undefined;
  ready?: CheckedReady | undefined;
  network: NetworkSettings;
  ports: CheckedPort[];
  /** Absent: what the engine takes. */
  bootTimeoutMs?: number | undefined;
}

export interface CheckedBoxOptions extends BoxSettings {
  image: ImageSource;
  name?: string;
  labels: Record<string, string>;
  detached: boolean;
  autoRemove: boolean;
  /** It is to be prepared before it is anybody's. */
  preparing?: boolean;
  network: CheckedNetwork;
}

const oneTiBInMiB = 1024 * 1024;

const checks = {
  image: imageSource,
  name: optional(
    matching(
      /^[a-z0-9][a-z0-9_.-]{0,62}$/,
      "a name of 1 to 63 characters of a-z, 0-9, '_', '.' and '-' that begins with a letter or digit",
    ),
  ),
  labels: withDefault(labels, {}),
  cpus: withDefault(integer(1, 16), defaults.cpus),
  memoryMiB: withDefault(integer(128, oneTiBInMiB), defaults.memoryMiB),
  diskMiB: withDefault(integer(64, oneTiBInMiB), defaults.diskMiB),
  user: optional(user),
  cwd: optional(guestPath),
  env: withDefault(environment, {}),
  hostname: optional(
    matching(
      // RFC 1123 labels; 64 is the kernel's HOST_NAME_MAX.
      /^(?=.{1,64}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/,
      "a host name of at most 64 characters: parts of letters, digits and inner '-', joined by '.'",
    ),
  ),
  bootTimeoutMs: optional(milliseconds('zero')),
  mounts: laterUnlessEmptyArray,
  ports,
  network,
  secrets: laterUnlessEmptyObject,
  ready,
  detached: withDefault(boolean, false),
  autoRemove: withDefault(boolean, false),
  idleMs: later,
  maxLifeMs: later,
} satisfies Checks<keyof BoxOptions>;

export function checkBoxOptions(options: unknown): CheckedBoxOptions {
  const checked: CheckedBoxOptions = checkFields(options, 'createBox', checks);
  checkSize([], checked.env);
  return checked;
}

const getOrCreateChecks = { ...checks, onCreate: optional(callback<(...args: never) => unknown>) };

/** The options of getOrCreateBox: those of a box with a name, and what prepares it. */
export function checkGetOrCreate(options: unknown): { box: CheckedBoxOptions & { name: string }; onCreate: unknown } {
  const { onCreate, ...box } = checkFields(options, 'getOrCreateBox', getOrCreateChecks);
  checkSize([], box.env);
  const { name } = box;
  if (name === undefined) throw expected('a name', 'name', name, 'getOrCreateBox finds its box by the name.');
  return { box: { ...box, name, preparing: onCreate !== undefined }, onCreate };
}

function matching(pattern: RegExp, what: string): Check<string> {
  return (value, path) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw expected(what, path, value);
    return value;
  };
}
