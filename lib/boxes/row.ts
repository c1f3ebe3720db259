import { statSync } from 'node:fs';
import type { CheckedBoxOptions } from '../options/box';
import { readIdentity } from '../ownership/identity';
import type { BoxRow, ListedBox } from '../store/schema';
import type { BoxInfo, EngineName } from '../types';
import { boxDisk } from './directory';

const emptyConfig: BoxRow['imageConfig'] = {
  entrypoint: [],
  cmd: [],
  env: {},
  user: '',
  cwd: '',
  ports: [],
  labels: {},
};

/** The row of a box that is about to be made; its image comes with the image step. */
export function newRow(id: string, nonce: string, engine: EngineName, options: CheckedBoxOptions): BoxRow {
  const { name = id, labels, image: _, detached, autoRemove, preparing = false, network, ...settings } = options;
  return {
    id,
    name,
    state: 'creating',
    engine,
    imageRef: '',
    imageDigest: '',
    labels,
    options: { ...settings, network: { policy: network.policy, dns: network.dns } },
    imageConfig: emptyConfig,
    nonce,
    createdAt: Date.now(),
    startedAt: null,
    exit: null,
    boot: null,
    ports: [],
    shimPid: null,
    shimStartTicks: null,
    shimBootId: null,
    detached,
    autoRemove,
    preparing,
    ...ownerIdentity(),
    generation: 0,
  };
}

/** This program, as the owner of a box that it creates or starts. */
export function ownerIdentity(): Pick<BoxRow, 'ownerPid' | 'ownerStartTicks' | 'ownerBootId'> {
  const owner = readIdentity(process.pid);
  return {
    ownerPid: owner?.pid ?? null,
    ownerStartTicks: owner ? String(owner.startTicks) : null,
    ownerBootId: owner?.bootId ?? null,
  };
}

/** Whether the program that created or last started the box still runs. */
export function isOwnerAlive({ ownerPid, ownerStartTicks, ownerBootId }: BoxRow): boolean {
  const now = ownerPid === null ? null : readIdentity(ownerPid);
  return now !== null && String(now.startTicks) === ownerStartTicks && now.bootId === ownerBootId;
}

/** A row as listings show it. */
export function boxInfo(home: string, row: ListedBox): BoxInfo {
  // Blocks of 512 bytes, whatever the file system's own block size: stat(2).
  // Not by the thread pool, whose round trip takes ten times longer than the call: a listing makes a thousand.
  const diskBytes = (statSync(boxDisk(home, row.id), { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    engine: row.engine,
    image: row.imageRef,
    labels: row.labels,
    createdAt: new Date(row.createdAt),
    ...(row.startedAt === null ? {} : { startedAt: new Date(row.startedAt) }),
    ...(row.exit === null ? {} : { exit: row.exit }),
    ports: row.state === 'running' ? row.ports : [],
    ...(row.shimPid === null ? {} : { shimPid: row.shimPid }),
    diskBytes,
  };
}
