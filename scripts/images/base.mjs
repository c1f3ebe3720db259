import { execFileSync } from 'node:child_process';

const DIRECTORIES = [
  'bin',
  'dev',
  'etc',
  'home',
  'home/user',
  'lib',
  'mnt',
  'proc',
  'root',
  'run',
  'sbin',
  'sys',
  'tmp',
];
const MORE_DIRECTORIES = ['usr', 'usr/bin', 'usr/lib', 'usr/sbin', 'var', 'var/tmp'];
const MODES = new Map([
  ['root', 0o700],
  ['tmp', 0o1777],
  ['var/tmp', 0o1777],
]);

const FILES = {
  'etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh',
    'user:x:1000:1000:user:/home/user:/bin/sh',
    'nobody:x:65534:65534:nobody:/nonexistent:/bin/false',
  ],
  'etc/group': ['root:x:0:', 'tty:x:5:', 'user:x:1000:', 'staff:x:1001:user', 'nogroup:x:65534:'],
  'etc/hosts': ['127.0.0.1 localhost', '::1 localhost'],
};

export const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

/** What a small system has beside its programs, as entries of a tar archive. */
export function baseEntries() {
  const directories = [...DIRECTORIES, ...MORE_DIRECTORIES].map((path) => ({ path, mode: MODES.get(path) ?? 0o755 }));
  const files = Object.entries(FILES).map(([path, lines]) => file(path, 0o644, `${lines.join('\n')}\n`));
  return [...directories, ...files];
}

export function file(path, mode, data) {
  return { path, mode, data: Buffer.from(data) };
}

/** A link to busybox for each of its applets, but for those that are there as programs. */
export function appletEntries(busybox, isThere = () => false) {
  const paths = execFileSync(busybox, ['--list-full'], { encoding: 'utf8' }).trim().split('\n').sort();
  return paths
    .filter((path) => path !== 'bin/busybox' && !isThere(path))
    .map((path) => ({ path, mode: 0o777, link: '/bin/busybox' }));
}
