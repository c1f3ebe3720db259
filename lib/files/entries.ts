import { malformed } from '../shim/protocol';
import type { DirEntry, FileStat } from '../types';
import type { FileExit } from './call';
import { pathText, wireBytes } from './path';

const types = new Map<unknown, DirEntry['type']>([
  ['f', 'file'],
  ['d', 'dir'],
  ['l', 'symlink'],
  ['o', 'other'],
]);
// A path of the guest, and its type.
const longestRecord = 1024 * 1024;

export function entryType(letter: unknown): DirEntry['type'] {
  const type = types.get(letter);
  if (!type) throw malformed(`a file of type ${JSON.stringify(letter)}`);
  return type;
}

/** What fs.stat says; null where there is nothing. */
export function readStat(exit: FileExit): FileStat | null {
  if (exit.type === undefined) return null;
  const number = (name: string) => {
    const value = exit[name];
    if (typeof value !== 'number') throw malformed(`a stat without ${name}`);
    return value;
  };
  return {
    type: entryType(exit.type),
    size: number('size'),
    mode: number('mode'),
    mtime: new Date(number('mtimeSeconds') * 1000 + number('mtimeNanoseconds') / 1e6),
    uid: number('uid'),
    gid: number('gid'),
  };
}

/** Cuts a stream into its records, each ended by a NUL. */
export async function* splitRecords(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0)) {
      yield bytes.subarray(0, end);
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > longestRecord) throw malformed('a record that does not end');
    rest = bytes;
  }
  if (rest.length > 0) throw malformed('half a record');
}

/** A record of fs.list: the type, and the path below the directory, which is given as it crosses the wire. */
export function readEntry(record: Buffer, directory: string): DirEntry {
  const below = record.subarray(1);
  const name = below.subarray(below.lastIndexOf(0x2f) + 1);
  const base = wireBytes(directory === '/' ? '/' : `${directory}/`);
  return {
    name: pathText(name),
    path: pathText(Buffer.concat([base, below])),
    type: entryType(record.toString('latin1', 0, 1)),
  };
}
