import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoxliteError } from '../../../lib/errors';
import { openStore, type Store } from '../../../lib/store/open';
import type { NewBoxRow } from '../../../lib/store/schema';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function tempDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'boxlite-store-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A home that does not exist yet. */
export const freshHome = (): string => join(tempDirectory(), 'home');

export async function openedStore(home = freshHome()): Promise<Store> {
  const store = await openStore(home);
  cleanups.push(() => store.close());
  return store;
}

export function newBox(id: string, more: Partial<NewBoxRow> = {}): NewBoxRow {
  return {
    id,
    name: id,
    state: 'creating',
    engine: 'qemu',
    imageRef: '/images/busybox',
    imageDigest: 'sha256:00',
    imageConfig: { entrypoint: [], cmd: ['sh'], env: { PATH: '/bin' }, user: '', cwd: '/', ports: [], labels: {} },
    labels: {},
    options: {
      cpus: 1,
      network: { policy: { mode: 'none' }, dns: [] },
      ports: [],
      memoryMiB: 512,
      diskMiB: 4096,
      env: {},
    },
    nonce: '00ff',
    createdAt: 1_700_000_000_000,
    startedAt: null,
    exit: null,
    boot: null,
    ports: [],
    shimPid: null,
    shimStartTicks: null,
    shimBootId: null,
    detached: false,
    autoRemove: false,
    preparing: false,
    ownerPid: 1,
    ownerStartTicks: '18446744073709551615',
    ownerBootId: 'b',
    ...more,
  };
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The error of this library that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<BoxliteError> {
  try {
    await promise;
  } catch (error) {
    if (BoxliteError.is(error)) return error;
    throw error;
  }
  throw new Error('It succeeded');
}
