import { malformed } from '../shim/protocol';

// A tree of files as one stream: docs/protocol.md, "Trees".

/** How much of a file goes into one record: whole blocks, and the record still fits into one frame of input. */
export const treeDataBytes = 124 * 1024;
/** And where both the file and the stream are far enough for the box to write such a record past its page cache. */
export const treeBulkBytes = 255 * 4096;
const bulkFromOffset = 4 * 2 ** 20;
const bulkFromPosition = 512 * 1024;
// What memory must lie at to be written past the cache: data is padded to that.
const alignment = 512;
const headBytes = 5;
const dataHeadBytes = headBytes + 8;
/** What comes before the bytes in a record of data, with its padding, at most. */
export const mostHeadBytes = headBytes + alignment - 1 + dataHeadBytes;
const metaBytes = 16;
// Of a record from a box.
const longestPayload = 144 * 1024;
const longestName = 255;

export interface TreeMeta {
  mode: number;
  seconds: bigint;
  nanoseconds: number;
}
export type TreeRecord =
  | { kind: 'D'; name: Buffer; meta: TreeMeta }
  | { kind: 'U' | 'Z' }
  | { kind: 'F'; name: Buffer; meta: TreeMeta; size: bigint }
  | { kind: 'B'; offset: number; bytes: Buffer }
  | { kind: 'E'; size: number }
  | { kind: 'L'; name: Buffer; meta: TreeMeta; target: Buffer }
  | { kind: 'H'; name: Buffer; path: Buffer };

const nul = Buffer.alloc(1);

export function encodeRecord(record: TreeRecord): Buffer {
  const payload = payloadOf(record);
  const head = Buffer.alloc(headBytes);
  writeHead(
    head,
    record.kind,
    payload.reduce((sum, part) => sum + part.length, 0),
  );
  return Buffer.concat([head, ...payload]);
}

function writeHead(head: Buffer, kind: string, payloadBytes: number): void {
  head.write(kind, 'latin1');
  head.writeUInt32LE(payloadBytes, 1);
}

/** Whether the next record may be as large as `treeBulkBytes`. */
export function isBulk(offset: number, position: number): boolean {
  return offset >= bulkFromOffset && position >= bulkFromPosition;
}

/** How long a head is at this position of a stream, with the padding before it. */
export function headBytesAt(position: number): number {
  const least = headBytes + dataHeadBytes;
  return least + ((alignment - ((position + least) % alignment)) % alignment);
}

/** Makes a padding and a record of data of so many bytes, which lie behind the room for the head. */
export function writeDataHead(head: Buffer, offset: number, length: number): void {
  const padding = head.length - headBytes - dataHeadBytes;
  writeHead(head, 'P', padding);
  head.fill(0, headBytes, headBytes + padding);
  const own = head.subarray(headBytes + padding);
  writeHead(own, 'B', 8 + length);
  own.writeBigUInt64LE(BigInt(offset), headBytes);
}

function payloadOf(record: TreeRecord): Buffer[] {
  switch (record.kind) {
    case 'D':
      return [encodeMeta(record.meta), record.name];
    case 'F':
      return [encodeMeta(record.meta), encodeNumber(record.size), record.name];
    case 'B':
      return [encodeNumber(BigInt(record.offset)), record.bytes];
    case 'E':
      return [encodeNumber(BigInt(record.size))];
    case 'L':
      return [encodeMeta(record.meta), record.name, nul, record.target];
    case 'H':
      return [record.name, nul, record.path];
    default:
      return [];
  }
}

/** The records of a stream, to its 'Z'; a stream that ends before is malformed. */
export async function* readRecords(chunks: AsyncIterator<Buffer>): AsyncGenerator<TreeRecord> {
  let held: Buffer = Buffer.alloc(0);
  const fill = async (bytes: number) => {
    const parts = [held];
    for (let length = held.length; length < bytes; ) {
      const { value, done } = await chunks.next();
      if (done) throw malformed('half a tree');
      parts.push(value);
      length += value.length;
    }
    held = parts.length === 1 ? held : Buffer.concat(parts);
  };
  for (;;) {
    await fill(headBytes);
    const length = held.readUInt32LE(1);
    if (length > longestPayload) throw malformed(`a record of ${length} bytes`);
    await fill(headBytes + length);
    const record = decodeRecord(held.toString('latin1', 0, 1), held.subarray(headBytes, headBytes + length));
    held = held.subarray(headBytes + length);
    yield record;
    if (record.kind === 'Z') return;
  }
}

function decodeRecord(kind: string, payload: Buffer): TreeRecord {
  switch (kind) {
    case 'D':
      return { kind, meta: decodeMeta(payload), name: checkName(payload.subarray(metaBytes)) };
    case 'F': {
      const size = numberAt(payload, metaBytes);
      return { kind, meta: decodeMeta(payload), size: BigInt(size), name: checkName(payload.subarray(metaBytes + 8)) };
    }
    case 'B':
      return { kind, offset: numberAt(payload, 0), bytes: payload.subarray(8) };
    case 'E':
      return { kind, size: numberAt(payload, 0) };
    case 'L': {
      const [name, target] = decodePair(payload.subarray(metaBytes));
      return { kind, meta: decodeMeta(payload), name, target };
    }
    case 'H': {
      const [name, path] = decodePair(payload);
      return { kind, name, path };
    }
    case 'U':
    case 'Z':
      return { kind };
    default:
      throw malformed(`a record of kind ${JSON.stringify(kind)}`);
  }
}

/** One component of a path and nothing else: whatever a guest says, it names something in the directory at hand. */
export function checkName(name: Buffer): Buffer {
  const isPlain = name.length > 0 && name.length <= longestName && !name.includes(0x2f) && !name.includes(0);
  const text = name.toString('latin1', 0, 3);
  if (!isPlain || text === '.' || text === '..')
    throw malformed(`the name ${JSON.stringify(name.toString('latin1', 0, 60))}`);
  return name;
}

function decodePair(bytes: Buffer): [Buffer, Buffer] {
  const at = bytes.indexOf(0);
  const rest = bytes.subarray(at + 1);
  if (at < 0 || rest.length === 0 || rest.includes(0)) throw malformed('a link without its target');
  return [checkName(bytes.subarray(0, at)), rest];
}

function encodeMeta({ mode, seconds, nanoseconds }: TreeMeta): Buffer {
  const bytes = Buffer.alloc(metaBytes);
  bytes.writeUInt32LE(mode, 0);
  bytes.writeBigInt64LE(seconds, 4);
  bytes.writeUInt32LE(nanoseconds, 12);
  return bytes;
}

function decodeMeta(bytes: Buffer): TreeMeta {
  if (bytes.length < metaBytes) throw malformed('a file without mode and time');
  const [mode, nanoseconds] = [bytes.readUInt32LE(0), bytes.readUInt32LE(12)];
  if (mode > 0o7777 || nanoseconds >= 1e9) throw malformed(`mode ${mode} and ${nanoseconds} ns`);
  return { mode, seconds: bytes.readBigInt64LE(4), nanoseconds };
}

function encodeNumber(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function numberAt(bytes: Buffer, at: number): number {
  if (bytes.length < at + 8) throw malformed('a record that is too short');
  const value = Number(bytes.readBigUInt64LE(at));
  if (!Number.isSafeInteger(value)) throw malformed(`a size of ${value}`);
  return value;
}
