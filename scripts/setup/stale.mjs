import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, stamps } from './paths.mjs';

const IGNORED = new Set(['node_modules', 'target']);

/** A step is stale when it says so, when an output is missing, or when what it was made from has changed. */
export function isStale(step) {
  if (step.isDone) return !step.isDone();
  return missingOutputs(step).length > 0 || readStamp(step) !== fingerprint(step);
}

export function missingOutputs(step) {
  return (step.outputs ?? []).filter((path) => !existsSync(join(root, path)));
}

export function markDone(step, mark) {
  writeFileSync(join(stamps, step.id), mark);
}

/** A hash over the step's own script, its inputs and its facts. */
export function fingerprint(step) {
  const hash = createHash('sha256');
  const add = (name, content) => hash.update(`${name}\0${content.length}\0`).update(content);
  for (const fact of step.facts?.() ?? []) add('fact', Buffer.from(fact));
  for (const path of [
    fileURLToPath(step.script),
    ...(step.inputs ?? []).flatMap((input) => files(join(root, input))),
  ]) {
    add(relative(root, path), readFileSync(path));
  }
  return hash.digest('hex');
}

function readStamp(step) {
  const path = join(stamps, step.id);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** The file itself, or all files below a directory, in a fixed order; nothing for what is not there yet. */
function files(path) {
  if (!existsSync(path)) return [];
  const entries = list(path);
  if (entries === undefined) return [path];
  return entries.filter(({ name }) => !IGNORED.has(name)).flatMap(({ name }) => files(join(path, name)));
}

function list(path) {
  try {
    return readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
