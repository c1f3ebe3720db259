import type { Call, Progress, RegistryAuth } from '../types';
import { callChecks } from './call';
import { expected, expectedSecret, invalid } from './failure';
import { checkFields, isRecord, optional, readFields, withDefault } from './fields';
import { imageSource } from './image-source';
import { type ImageReference, parseReference, reference } from './reference';
import { boolean, callback, passable } from './values';

/** Names an image of the home: by what it was pulled or loaded as, or by its digest. */
export type ImageName = { reference: ImageReference } | { digest: string };

export interface CheckedPull extends Call {
  onProgress?: (progress: Progress) => void;
  auth?: RegistryAuth;
  insecure: boolean;
}

const onProgress = optional(callback<(progress: Progress) => void>);

const pullChecks = { ...callChecks, onProgress, auth: optional(auth), insecure: withDefault(boolean, false) };
const loadChecks = { ...callChecks, onProgress };
const removeChecks = { ...callChecks, force: withDefault(boolean, false) };

export function checkPull(ref: unknown, options: unknown): CheckedPull & { reference: ImageReference } {
  return { reference: reference(ref, 'ref'), ...checkFields(options, 'images.pull', pullChecks) };
}

export function checkLoad(
  source: unknown,
  options: unknown,
): Call & {
  source: { layout: string; ref?: string } | { archive: string };
  onProgress?: (p: Progress) => void;
} {
  const checked = typeof source === 'string' ? undefined : imageSource(source, 'source');
  if (!checked || 'rootfs' in checked || 'reference' in checked || 'digest' in checked) {
    throw expected('{ layout } or { archive }', 'source', source);
  }
  return { source: checked, ...checkFields(options, 'images.load', loadChecks) };
}

export function checkImageRemove(ref: unknown, options: unknown): Call & { name: ImageName; force: boolean } {
  return { name: imageName(ref, 'ref'), ...checkFields(options, 'images.remove', removeChecks) };
}

export function imageName(value: unknown, path: string): ImageName {
  if (typeof value === 'string' && isDigest(value)) return { digest: value };
  const parsed = typeof value === 'string' ? parseReference(value) : null;
  if (!parsed) throw expected('an image reference or a digest', path, value);
  return { reference: parsed };
}

export function isDigest(text: string): boolean {
  return /^sha256:[a-f0-9]{64}$/.test(text);
}

function auth(value: unknown, path: string): RegistryAuth {
  const what = '{ username, password } or { token }';
  if (!isRecord(value)) throw expectedSecret(what, path, value);
  const fields = readFields(value, path, ['username', 'password', 'token']);
  const given = [...fields.keys()].filter((name) => fields.get(name) !== undefined).sort();
  if (given.join() !== 'password,username' && given.join() !== 'token') {
    throw invalid(`Expected ${what} for ${path} but received ${given.join(' and ') || 'nothing'}`, `Pass ${what}.`);
  }
  const [username, password, token] = ['username', 'password', 'token'].map((name) =>
    fields.get(name) === undefined ? '' : nonEmpty(fields.get(name), `${path}.${name}`),
  ) as [string, string, string];
  return token === '' ? { username, password } : { token };
}

function nonEmpty(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') throw expectedSecret('a text that is not empty', path, value);
  return passable(value, path);
}
