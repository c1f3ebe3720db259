import { type FileHandle, open, readFile, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const MAGIC = Buffer.from('BLTPL\x01\0\0', 'latin1');
const HEADER_BYTES = MAGIC.length + 8 + 4;
const EXTENT_BYTES = 8 + 4;

interface Extent {
  offset: number;
  data: Buffer;
}

interface DiskTemplate {
  diskBytes: number;
  extents: Extent[];
}

/**
 * Makes `target`, a sparse disk of `diskBytes`, from a packed file system template.
 *
 * Fails with the system's own error, 'EEXIST' for a target that is there; what it had begun is then gone.
 */
export async function writeDiskFromTemplate(
  template: string,
  target: string,
  diskBytes: number,
  signal?: AbortSignal,
): Promise<void> {
  const disk = unpack(await promisify(gunzip)(await readFile(template, { signal })));
  if (diskBytes < disk.diskBytes) {
    throw new RangeError(`A disk of ${diskBytes} bytes is too small for ${template}, made for ${disk.diskBytes}`);
  }
  const file = await open(target, 'wx', 0o600);
  try {
    await writeDisk(file, disk.extents, diskBytes, signal);
  } catch (error) {
    await unlink(target).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
}

async function writeDisk(file: FileHandle, extents: Extent[], diskBytes: number, signal?: AbortSignal): Promise<void> {
  for (const { offset, data } of extents) {
    signal?.throwIfAborted();
    await writeAll(file, data, offset);
  }
  signal?.throwIfAborted();
  await file.truncate(diskBytes);
}

/** A write may be short without failing, as the last one is before a full disk is said to be full. */
async function writeAll(file: FileHandle, data: Buffer, offset: number): Promise<void> {
  let done = 0;
  while (done < data.length) {
    const { bytesWritten } = await file.write(data, done, data.length - done, offset + done);
    done += bytesWritten;
  }
}

function unpack(bytes: Buffer): DiskTemplate {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new Error('Not a disk template');
  }
  const diskBytes = Number(bytes.readBigUInt64LE(MAGIC.length));
  const count = bytes.readUInt32LE(MAGIC.length + 8);
  let dataAt = HEADER_BYTES + count * EXTENT_BYTES;
  const extents: Extent[] = [];
  for (let index = 0; index < count && dataAt <= bytes.length; index++) {
    const at = HEADER_BYTES + index * EXTENT_BYTES;
    const length = bytes.readUInt32LE(at + 8);
    extents.push({ offset: Number(bytes.readBigUInt64LE(at)), data: bytes.subarray(dataAt, dataAt + length) });
    dataAt += length;
  }
  if (dataAt !== bytes.length) throw new Error('The disk template is cut short or has bytes to spare');
  return { diskBytes, extents };
}
