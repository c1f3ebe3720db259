import { expected } from './failure';

/** A reference of a registry, read as Docker reads it. */
export interface ImageReference {
  /** In full: registry, repository and a tag or a digest; the same image is always named the same. */
  name: string;
  registry: string;
  repository: string;
  tag?: string;
  /** Decides over the tag where both are given. */
  digest?: string;
}

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const hostPart = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const host = new RegExp(`^(?:${hostPart}(?:\\.${hostPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const path = new RegExp(`^${component}(?:/${component})*$`);
const tagForm = /^\w[\w.-]{0,127}$/;
const digestForm = /^sha256:[a-f0-9]{64}$/;
const longestName = 255;

const what = "an image reference such as 'alpine:3.20' or 'registry.example:5000/team/app@sha256:…'";

/** The check of an option; throws 'invalid-argument'. */
export function reference(value: unknown, option: string): ImageReference {
  const parsed = typeof value === 'string' ? parseReference(value) : null;
  if (!parsed) throw expected(what, option, value, hintFor(value));
  return parsed;
}

/** The grammar of distribution/reference with Docker's defaults; null for what is none. */
export function parseReference(text: string): ImageReference | null {
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !digestForm.test(digest))) return null;
  const { registry, rest } = splitHost(named);
  const colon = rest.indexOf(':');
  const repository = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  const full = registry === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository;
  if (!host.test(registry) || !path.test(full) || registry.length + full.length + 1 > longestName) return null;
  if (tag !== undefined && !tagForm.test(tag)) return null;
  // Docker takes 64 hexadecimal digits for an image id, never for a name.
  if (/^[a-f0-9]{64}$/.test(text)) return null;
  return inFull(registry, full, tag, digest);
}

function inFull(registry: string, repository: string, tag: string | undefined, digest: string | undefined) {
  if (digest !== undefined) {
    const name = `${registry}/${repository}@${digest}`;
    return { name, registry, repository, digest, ...(tag === undefined ? {} : { tag }) };
  }
  const known = tag ?? 'latest';
  return { name: `${registry}/${repository}:${known}`, registry, repository, tag: known };
}

/** What is before the first slash is a registry only where it looks like one. */
function splitHost(text: string): { registry: string; rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  if (slash < 0 || !isHost) return { registry: 'docker.io', rest: text };
  return { registry: first === 'index.docker.io' ? 'docker.io' : first, rest: text.slice(slash + 1) };
}

function hintFor(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^(?:https?|docker|oci):\/\//.test(value)) return 'Leave the scheme out: references begin with the registry.';
  if (value.startsWith('.') || value.startsWith('/')) {
    return 'Pass something local as { layout: directory }, { archive: file } or { rootfs: directory }.';
  }
  if (value !== value.toLowerCase()) return 'Names of repositories are in lower case.';
  return undefined;
}
