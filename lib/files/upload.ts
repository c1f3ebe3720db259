import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { BoxliteError } from '../errors';
import type { Outflow } from '../exec/outflow';
import type { FileCall } from './call';
import { DataRecords } from './data-records';
import { asFileFailure } from './host-failure';
import { encodeRecord, type TreeMeta, type TreeRecord } from './tree-records';

const worthAWrite = 64 * 1024;
// As small as a hole usually is.
const blockBytes = 4096;
const zeroBlock = Buffer.alloc(blockBytes);

type Stats = Awaited<ReturnType<typeof lstatOf>>;

/** Sends a file or a tree of this host. */
export async function sendTree(host: string, call: FileCall): Promise<void> {
  const packer = new Packer(call.input);
  try {
    // A slash at the end of the path follows a link, as everywhere.
    await packer.entry(Buffer.from(host), Buffer.from(basename(resolve(host)) || 'root'), '');
    await packer.finish();
  } catch (error) {
    if (!(error instanceof Ended)) throw asFileFailure('copy', packer.at || host, error);
  }
  await call.ended;
}

/** The other side wants no more: its own end says why. */
class Ended extends Error {}

class Packer {
  /** What is being read. */
  at = '';
  readonly #out: Outflow;
  readonly #named = new Map<string, Buffer>();
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** How much of the stream there is so far. */
  #position = 0;

  constructor(out: Outflow) {
    this.#out = out;
  }

  /** `below` is the path below the root; the root's own is ''. */
  async entry(path: Buffer, name: Buffer, below: string): Promise<void> {
    this.at = path.toString();
    const status = await lstatOf(path);
    if (status.isDirectory()) return this.#directory(path, name, below, metaOf(status));
    if (status.isSymbolicLink()) {
      const target = await readlink(path, { encoding: 'buffer' });
      return this.#put({ kind: 'L', name, meta: metaOf(status), target });
    }
    // A socket is nothing without its program.
    if (status.isSocket() && below !== '') return;
    if (!status.isFile()) throw notAFile(this.at);
    const identity = `${status.dev}:${status.ino}`;
    const known = this.#named.get(identity);
    if (known) return this.#put({ kind: 'H', name, path: known });
    if (status.nlink > 1n && below !== '') this.#named.set(identity, Buffer.from(below, 'latin1'));
    await this.#file(path, name);
  }

  async finish(): Promise<void> {
    await this.#put({ kind: 'Z' });
    await this.#flush();
    this.#out.end();
  }

  async #directory(path: Buffer, name: Buffer, below: string, meta: TreeMeta): Promise<void> {
    const children = await readdir(path, { encoding: 'buffer' });
    await this.#put({ kind: 'D', name, meta });
    for (const child of children) {
      const childBelow = below === '' ? child.toString('latin1') : `${below}/${child.toString('latin1')}`;
      await this.entry(Buffer.concat([path, Buffer.from('/'), child]), child, childBelow);
    }
    await this.#put({ kind: 'U' });
  }

  async #file(path: Buffer, name: Buffer): Promise<void> {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const status = await file.stat({ bigint: true });
      if (!status.isFile()) throw notAFile(this.at);
      await this.#put({ kind: 'F', name, meta: metaOf(status), size: status.size });
      const size = await this.#data(file, Number(status.size), status.blocks * 512n < status.size);
      await this.#put({ kind: 'E', size });
    } finally {
      await file.close();
    }
  }

  /** Sends what is in the file, without its holes; returns how long it turned out to be. */
  async #data(file: FileHandle, size: number, hasHoles: boolean): Promise<number> {
    const records = new DataRecords(size);
    let at = 0;
    while (at < size) {
      const parts = records.partsFor(at, this.#position);
      const { bytesRead } = await file.readv(parts, at);
      if (bytesRead === 0) break;
      const end = Math.min(at + bytesRead, size);
      for (const part of parts) {
        const length = Math.min(part.length, end - at);
        if (length <= 0) break;
        await this.#part(records, part.subarray(0, length), at, hasHoles);
        at += length;
      }
    }
    return at;
  }

  /** Of bytes of the file from `offset`, which may change once this resolves. */
  async #part(records: DataRecords, bytes: Buffer, offset: number, hasHoles: boolean): Promise<void> {
    const runs = hasHoles ? dataRuns(bytes) : [[0, bytes.length] as const];
    const isWhole = runs[0]?.[0] === 0 && runs[0][1] === bytes.length;
    if (isWhole && bytes.length >= worthAWrite) {
      return this.#putLarge(records.record(bytes, offset, this.#position));
    }
    for (const [begin, end] of runs)
      await this.#put({ kind: 'B', offset: offset + begin, bytes: bytes.subarray(begin, end) });
  }

  async #put(record: TreeRecord): Promise<void> {
    const bytes = encodeRecord(record);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#position += bytes.length;
    if (this.#heldBytes >= worthAWrite) await this.#flush();
  }

  /** Of a whole record. */
  async #putLarge(record: Buffer): Promise<void> {
    this.#position += record.length;
    if (this.#heldBytes > 0) await this.#flush();
    await this.#write(record);
  }

  async #flush(): Promise<void> {
    const bytes = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    await this.#write(bytes);
  }

  async #write(bytes: Buffer): Promise<void> {
    if (!(await this.#out.write(bytes))) throw new Ended();
  }
}

/** The stretches of blocks that are not all zero. */
export function dataRuns(bytes: Buffer): [number, number][] {
  const runs: [number, number][] = [];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const end = Math.min(at + blockBytes, bytes.length);
    if (zeroBlock.subarray(0, end - at).equals(bytes.subarray(at, end))) continue;
    const last = runs.at(-1);
    if (last?.[1] === at) last[1] = end;
    else runs.push([at, end]);
  }
  return runs;
}

function lstatOf(path: Buffer) {
  return lstat(path, { bigint: true });
}

function metaOf({ mode, mtimeNs }: Pick<Stats, 'mode' | 'mtimeNs'>): TreeMeta {
  const nanoseconds = ((mtimeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return {
    mode: Number(mode & 0o7777n),
    seconds: (mtimeNs - nanoseconds) / 1_000_000_000n,
    nanoseconds: Number(nanoseconds),
  };
}

function notAFile(path: string): BoxliteError {
  return new BoxliteError('unsupported', `Cannot copy "${path}": it is neither a file, a directory nor a link`, {
    hint: 'Remove it, or copy what lies beside it.',
  });
}
