import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupBases } from '../../lib/ownership/cgroup-tree';

// Ids of boxes that were seen in a home: their directories go before what else they left.
const seen = new Map<string, Set<string>>();

/** A box that a test made: what is left of it is found by its id, whatever else is gone. */
export function noteBox(home: string, id: string): void {
  const ids = seen.get(home) ?? new Set();
  seen.set(home, ids.add(id));
}

/** Every trace of a home that outlives its test: processes, box directories, links and cgroups. A lock is held by a process with its file open. */
export function findLeftovers(home: string): string[] {
  return [...processesOf(home), ...directoriesOf(home), ...linksOf(home), ...cgroupsOf(home)];
}

/** Processes whose open files lie in the home, or whose arguments name one of its boxes: by /proc alone, so that no pid file is needed. */
export function processesOf(home: string): string[] {
  const ids = idsOf(home);
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    const named = argumentsOf(pid).find((argument, at) => at > 0 && ids.has(argument));
    const opened = openFiles(pid).find((path) => path.startsWith(`${home}/`));
    if (named) found.push(`process ${pid} (${commandLine(pid)}) is of box ${named}`);
    else if (opened) found.push(`process ${pid} (${commandLine(pid)}) has ${opened} open`);
  }
  return found;
}

export function linksOf(home: string): string[] {
  const parent = `/tmp/bl-${process.geteuid?.()}`;
  return entries(parent)
    .filter((name) => target(join(parent, name)).startsWith(`${home}/`))
    .map((name) => `link ${parent}/${name}`);
}

/** Directories whose removal began and did not end. */
export function trashOf(home: string): string[] {
  return entries(join(home, 'trash')).map((name) => `directory trash/${name}`);
}

function directoriesOf(home: string): string[] {
  return [...entries(join(home, 'boxes')).map((name) => `directory boxes/${name}`), ...trashOf(home)];
}

function cgroupsOf(home: string): string[] {
  const ids = idsOf(home);
  return cgroupBases()
    .look.flatMap((base) => entries(base).map((name) => ({ base, name })))
    .filter(({ name }) => ids.has(name))
    .map(({ base, name }) => `cgroup ${base}/${name}`);
}

function idsOf(home: string): Set<string> {
  for (const part of ['boxes', 'trash']) for (const id of entries(join(home, part))) noteBox(home, id);
  return seen.get(home) ?? new Set();
}

function openFiles(pid: string): string[] {
  return entries(`/proc/${pid}/fd`).map((fd) => target(`/proc/${pid}/fd/${fd}`));
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function commandLine(pid: string): string {
  return argumentsOf(pid).join(' ').trim().slice(0, 200) || 'gone';
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function target(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
