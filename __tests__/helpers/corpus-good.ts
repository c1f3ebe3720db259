import { dir, file, hardLink, symlink, type TarEntry } from './tar';

/** An image as its layers; every path is below a directory of the case's own, so that cases can be put on each other. */
export type GoodCase = [name: string, layers: (p: string) => TarEntry[][]];

const year2100 = 4_102_444_800;
const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256));

// struct vfs_cap_data of linux/capability.h, revision 2, effective: CAP_NET_RAW.
const mayPing = xattr(0x02000001, 1 << 13, 0, 0, 0);

/** Words in little endian, as tar.ts writes an attribute. */
function xattr(...words: number[]): string {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [at, word] of words.entries()) bytes.writeUInt32LE(word, at * 4);
  return bytes.toString('latin1');
}

export const goodCases: GoodCase[] = [
  [
    'modes of every kind',
    (p) => [[0o600, 0o755, 0o4755, 0o2755, 0o444, 0].map((mode) => file(`${p}/m${mode.toString(8)}`, 'x', { mode }))],
  ],
  ['a sticky directory', (p) => [[dir(`${p}/tmp`, { mode: 0o1777 })]]],
  ['owners', (p) => [[file(`${p}/f`, 'x', { uid: 1000, gid: 1001 }), dir(`${p}/d`, { uid: 2_097_151, gid: 65534 })]]],
  ['an empty file and an empty directory', (p) => [[file(`${p}/empty`, ''), dir(`${p}/dir`)]]],
  ['many blocks', (p) => [[file(`${p}/blocks`, bytes), file(`${p}/zeros`, Buffer.alloc(200_000))]]],
  [
    'times of long ago and of later',
    (p) => [[file(`${p}/old`, 'x', { mtime: 0 }), file(`${p}/new`, 'x', { mtime: year2100 })]],
  ],
  [
    'symbolic links of every kind',
    (p) => [
      [
        file(`${p}/f`, 'x'),
        symlink(`${p}/relative`, 'f'),
        symlink(`${p}/absolute`, `/${p}/f`),
        symlink(`${p}/dangling`, 'nowhere'),
        symlink(`${p}/up`, '../../../../..'),
        symlink(`${p}/long`, 'l'.repeat(200)),
        symlink(`${p}/self`, 'self'),
      ],
    ],
  ],
  [
    'hard links in one layer',
    (p) => [[file(`${p}/a`, 'one'), hardLink(`${p}/b`, `${p}/a`), hardLink(`${p}/c`, `${p}/b`)]],
  ],
  ['a hard link into a lower layer', (p) => [[file(`${p}/a`, 'below')], [hardLink(`${p}/b`, `${p}/a`)]]],
  [
    'a hard link whose target goes',
    (p) => [[file(`${p}/a`, 'x'), hardLink(`${p}/b`, `${p}/a`)], [file(`${p}/.wh.a`, '')]],
  ],
  [
    'a hard link that is written over',
    (p) => [[file(`${p}/a`, 'x'), hardLink(`${p}/b`, `${p}/a`)], [file(`${p}/b`, 'new')]],
  ],
  [
    'devices and a pipe',
    (p) => [
      [
        { path: `${p}/null`, type: 'char', device: [1, 3], mode: 0o666 },
        { path: `${p}/loop`, type: 'block', device: [7, 200], mode: 0o660, gid: 6 },
        { path: `${p}/pipe`, type: 'fifo', mode: 0o600 },
      ],
    ],
  ],
  ['a file taken away', (p) => [[file(`${p}/gone`, 'x'), file(`${p}/kept`, 'x')], [file(`${p}/.wh.gone`, '')]]],
  ['a directory taken away', (p) => [[dir(`${p}/gone`), file(`${p}/gone/f`, 'x')], [file(`${p}/.wh.gone`, '')]]],
  ['what is not there taken away', (p) => [[file(`${p}/kept`, 'x')], [file(`${p}/.wh.never`, '')]]],
  [
    'a directory emptied',
    (p) => [
      [dir(`${p}/d`), file(`${p}/d/old`, 'x'), dir(`${p}/d/sub`), file(`${p}/d/sub/old`, 'x')],
      [dir(`${p}/d`), file(`${p}/d/.wh..wh..opq`, ''), file(`${p}/d/new`, 'y')],
    ],
  ],
  [
    'a directory emptied after its new contents',
    (p) => [
      [dir(`${p}/d`), file(`${p}/d/old`, 'x')],
      [dir(`${p}/d`), file(`${p}/d/new`, 'y'), file(`${p}/d/.wh..wh..opq`, '')],
    ],
  ],
  ['taken away and back again', (p) => [[file(`${p}/f`, 'old')], [file(`${p}/.wh.f`, '')], [file(`${p}/f`, 'back')]]],
  ['a file that becomes a directory', (p) => [[file(`${p}/x`, 'file')], [dir(`${p}/x`), file(`${p}/x/in`, 'in')]]],
  ['a directory that becomes a file', (p) => [[dir(`${p}/x`), file(`${p}/x/in`, 'in')], [file(`${p}/x`, 'file')]]],
  ['a link that becomes a file', (p) => [[file(`${p}/t`, 'target'), symlink(`${p}/x`, 't')], [file(`${p}/x`, 'own')]]],
  [
    'a directory with another mode above',
    (p) => [[dir(`${p}/d`), file(`${p}/d/f`, 'x')], [dir(`${p}/d`, { mode: 0o700, uid: 5 })]],
  ],
  [
    'a file through a linked directory',
    (p) => [[dir(`${p}/real`), symlink(`${p}/link`, 'real')], [file(`${p}/link/f`, 'through')]],
  ],
  [
    'a file through an absolute link',
    (p) => [[dir(`${p}/real`), symlink(`${p}/link`, `/${p}/real`)], [file(`${p}/link/f`, 'through')]],
  ],
  ['one name twice in a layer', (p) => [[file(`${p}/f`, 'first'), file(`${p}/f`, 'second, longer')]]],
  ['long names', (p) => [[file(`${p}/${'n'.repeat(255)}`, 'x'), dir(`${p}/${'d'.repeat(150)}`)]]],
  [
    'names with spaces and beyond ASCII',
    (p) => [[file(`${p}/a b  c`, 'x'), file(`${p}/größe-日本`, 'x'), file(`${p}/-rf`, 'x')]],
  ],
  [
    'a deep tree',
    (p) => [
      Array.from({ length: 60 }, (_, depth) => dir([p, ...Array.from({ length: depth + 1 }, () => 'd')].join('/'))),
    ],
  ],
  [
    'file capabilities',
    (p) => [
      [
        file(`${p}/ping`, 'x', { mode: 0o755, xattrs: { 'security.capability': mayPing } }),
        hardLink(`${p}/linked`, `${p}/ping`, { mode: 0o755 }),
        file(`${p}/lost`, 'x', { mode: 0o755, xattrs: { 'security.capability': mayPing } }),
      ],
      [file(`${p}/lost`, 'without', { mode: 0o755 }), hardLink(`${p}/above`, `${p}/ping`, { mode: 0o755 })],
    ],
  ],
  [
    'attributes of users and of the trusted',
    (p) => [
      [
        file(`${p}/f`, 'x', { xattrs: { 'user.one': '1', 'user.bytes': '\0\x01\xff', 'user.größe': 'x' } }),
        file(`${p}/long`, 'x', { xattrs: { 'user.long': 'l'.repeat(2000), 'user.short': 's' } }),
        dir(`${p}/d`, { xattrs: { 'user.of': 'a directory', 'trusted.of': 'root' } }),
        file(`${p}/d/under`, 'x'),
      ],
      [file(`${p}/d/above`, 'y', { xattrs: { 'user.layer': 'two' } })],
    ],
  ],
  ['paths that begin with dots and slashes', (p) => [[file(`./${p}/dot`, 'x'), file(`/${p}/slash`, 'x')]]],
];
