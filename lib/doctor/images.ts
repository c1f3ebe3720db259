import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { imagesDirectory } from '../images/disk';
import { runTool } from '../images/tool';
import { Deadline } from '../util/deadline';
import { errnoOf } from '../util/files';
import type { Check } from './doctor';

const mib = 1024 ** 2;
const probeMs = 10_000;

/** What images take on the disk; a layer that several have is there once. */
export async function imagesCheck(home: string): Promise<Check> {
  const parts = await Promise.all(['disks', 'blobs/sha256', 'partial', 'tmp'].map((part) => sizes(home, part)));
  const [disks = [], blobs = [], ...unfinished] = parts;
  const inMib = (all: number[]) => `${Math.ceil(all.reduce((sum, bytes) => sum + bytes, 0) / mib)} MiB`;
  const count = disks.filter(({ name }) => name.endsWith('.ext4')).length;
  const [ofDisks, ofBlobs, ofRest] = [disks, blobs, unfinished.flat()].map((files) =>
    inMib(files.map(({ bytes }) => bytes)),
  );
  const detail = `${count} image disks of ${ofDisks}, ${blobs.length} blobs of ${ofBlobs}, ${ofRest} of work in progress or left over`;
  return { id: 'images', status: 'ok', detail };
}

async function sizes(home: string, part: string): Promise<{ name: string; bytes: number }[]> {
  const directory = join(imagesDirectory(home), part);
  try {
    const names = await readdir(directory);
    return await Promise.all(names.map(async (name) => ({ name, bytes: await sizeOf(join(directory, name)) })));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  // Blocks of 512 bytes: stat(2). What went meanwhile takes nothing.
  return stat(path).then(
    ({ blocks }) => blocks * 512,
    () => 0,
  );
}

/** How far the program that reads images can be shut in on this kernel. */
export async function confinementCheck(): Promise<Check> {
  const fix = 'Boot a kernel with Landlock (CONFIG_SECURITY_LANDLOCK, and landlock in lsm=) and seccomp filters.';
  try {
    using deadline = Deadline.alone(probeMs, 'asking for the confinement of boxlite-image');
    const found = await runTool<{ landlock: number; seccomp: boolean }>({ command: 'doctor', request: {} }, deadline);
    const detail = [
      'boxlite-image has no capabilities',
      found.seccomp ? 'starts no programs and builds without a network (seccomp)' : 'no seccomp filter applies to it',
      found.landlock > 0 ? `writes below images alone (Landlock ${found.landlock})` : 'no Landlock applies to it',
    ].join(', ');
    if (found.landlock > 0 && found.seccomp) return { id: 'confinement', status: 'ok', detail };
    return { id: 'confinement', status: 'warn', detail, fix };
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return { id: 'confinement', status: 'fail', detail: message, fix: hint ?? fix };
  }
}
