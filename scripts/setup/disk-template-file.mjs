import { closeSync, openSync, readSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MAGIC = Buffer.from('BLTPL\x01\0\0', 'latin1');
const BLOCK_BYTES = 4096;

/**
 * Packs a sparse disk: what is not zero in the block ranges, gzipped. lib/boxes/disk-template.ts reads it.
 *
 * magic, u64 bytes of the disk, u32 count, then for each extent u64 offset and u32 length, then the extents' data.
 */
export function packDisk(disk, target, ranges) {
  const extents = readExtents(disk, ranges);
  const table = extents.map(({ offset, data }) => {
    const row = Buffer.alloc(12);
    row.writeBigUInt64LE(BigInt(offset), 0);
    row.writeUInt32LE(data.length, 8);
    return row;
  });
  const header = Buffer.alloc(12);
  header.writeBigUInt64LE(BigInt(statSync(disk).size), 0);
  header.writeUInt32LE(extents.length, 8);
  const bytes = Buffer.concat([MAGIC, header, ...table, ...extents.map(({ data }) => data)]);
  writeFileSync(`${target}.new`, gzipSync(bytes, { level: 9 }));
  renameSync(`${target}.new`, target);
}

/** What is not zero in the given ranges of blocks. */
function readExtents(disk, ranges) {
  const file = openSync(disk, 'r');
  try {
    return ranges.flatMap(({ first, last }) => {
      const chunk = Buffer.alloc((last - first + 1) * BLOCK_BYTES);
      readSync(file, chunk, 0, chunk.length, first * BLOCK_BYTES);
      return runs(chunk, first * BLOCK_BYTES);
    });
  } finally {
    closeSync(file);
  }
}

function runs(chunk, chunkAt) {
  const found = [];
  let start;
  for (let at = 0; at <= chunk.length; at += BLOCK_BYTES) {
    const isData = at < chunk.length && !isZero(chunk.subarray(at, at + BLOCK_BYTES));
    if (isData) start ??= at;
    else if (start !== undefined) {
      found.push({ offset: chunkAt + start, data: chunk.subarray(start, at) });
      start = undefined;
    }
  }
  return found;
}

const zeros = Buffer.alloc(BLOCK_BYTES);
function isZero(block) {
  return block.equals(zeros);
}
