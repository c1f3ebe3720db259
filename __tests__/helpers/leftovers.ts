import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Every trace of a home that outlives its test: processes with a file of it open, box directories, links, locks. */
export function findLeftovers(home: string): string[] {
  return [...processesOf(home), ...boxDirectories(home), ...links(home)];
}

/** Processes whose open files lie in the home, or whose arguments name one of its boxes: by /proc alone, so that no pid file is needed. */
export function processesOf(home: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    const opened = openFiles(pid).find((path) => path.startsWith(`${home}/`));
    if (opened) found.push(`process ${pid} (${commandLine(pid)}) has ${opened} open`);
  }
  return found;
}

function boxDirectories(home: string): string[] {
  return ['boxes', 'trash'].flatMap((part) => entries(join(home, part)).map((name) => `directory ${part}/${name}`));
}

function links(home: string): string[] {
  const parent = `/tmp/bl-${process.geteuid?.()}`;
  return entries(parent)
    .filter((name) => target(join(parent, name)).startsWith(`${home}/`))
    .map((name) => `link ${parent}/${name}`);
}

function openFiles(pid: string): string[] {
  return entries(`/proc/${pid}/fd`).map((fd) => target(`/proc/${pid}/fd/${fd}`));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 200);
  } catch {
    return 'gone';
  }
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
