const block = 512;

/** An entry of a tar archive: a file when it has data, else what `type` says. */
export interface TarEntry {
  path: string;
  type?: 'file' | 'dir' | 'symlink' | 'link' | 'char' | 'block' | 'fifo';
  data?: Buffer | string;
  /** Target of a link of either kind. */
  link?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  device?: [number, number];
  xattrs?: Record<string, string>;
  /** Records of a pax header, as they are. */
  pax?: Record<string, string>;
  /** The header's own type flag, whatever `type` says. */
  flag?: string;
}

const flags = { file: '0', link: '1', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6' };

/** A POSIX tar archive with pax headers where they are needed, in the given order; hostile names are taken as they are. */
export function tar(...entries: TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(2 * block)]);
}

export function dir(path: string, more: Partial<TarEntry> = {}): TarEntry {
  return { path, type: 'dir', mode: 0o755, ...more };
}

export function file(path: string, data: Buffer | string, more: Partial<TarEntry> = {}): TarEntry {
  return { path, type: 'file', data, mode: 0o644, ...more };
}

export function symlink(path: string, link: string, more: Partial<TarEntry> = {}): TarEntry {
  return { path, type: 'symlink', link, mode: 0o777, ...more };
}

/** Its header should have its target's mode, as every writer of archives sees to: readers differ in what they make of it. */
export function hardLink(path: string, link: string, more: Partial<TarEntry> = {}): TarEntry {
  return { path, type: 'link', link, mode: 0o644, ...more };
}

function entryBlocks(entry: TarEntry): Buffer[] {
  const data = Buffer.from(entry.data ?? '');
  const pax = paxRecords(entry);
  const first = pax.length > 0 ? [header({ path: 'pax', mode: 0o644 }, 'x', pax.length), padded(pax)] : [];
  return [...first, header(entry, entry.flag ?? flags[entry.type ?? 'file'], data.length), padded(data)];
}

function paxRecords({ path, link = '', xattrs = {}, pax = {} }: TarEntry): Buffer {
  const attributes = Object.entries(xattrs).map(([key, value]) => [`SCHILY.xattr.${key}`, value]);
  const records = [...Object.entries(pax), ...attributes];
  if (Buffer.byteLength(path) > 100) records.push(['path', path]);
  if (Buffer.byteLength(link) > 100) records.push(['linkpath', link]);
  return Buffer.concat(records.map(([key, value]) => paxRecord(`${key}=`, Buffer.from(value ?? '', 'latin1'))));
}

/** "length key=value\n", where the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return Buffer.concat([Buffer.from(`${length}`), rest]);
}

function header(entry: Partial<TarEntry>, flag: string, size: number): Buffer {
  const { path = '', mode = 0o644, uid = 0, gid = 0, mtime = 1_600_000_000, link = '', device = [0, 0] } = entry;
  const made = Buffer.alloc(block);
  Buffer.from(path).copy(made, 0, 0, 100);
  const numbers: [number, number, number][] = [
    [mode, 100, 8],
    [uid, 108, 8],
    [gid, 116, 8],
    [size, 124, 12],
    [mtime, 136, 12],
    [device[0], 329, 8],
    [device[1], 337, 8],
  ];
  for (const [value, at, width] of numbers) made.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
  made.write(' '.repeat(8), 148);
  made.write(flag, 156);
  Buffer.from(link).copy(made, 157, 0, 100);
  made.write('ustar\x0000', 257, 'latin1');
  const sum = made.reduce((total, byte) => total + byte, 0);
  made.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return made;
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((block - (data.length % block)) % block)]);
}
