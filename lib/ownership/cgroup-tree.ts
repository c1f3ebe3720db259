import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Where the cgroup v2 hierarchy is mounted; `root` is the cgroup that the mount point shows. */
export interface CgroupMount {
  point: string;
  root: string;
}

/** The cgroup v2 mount of a /proc/PID/mountinfo text, wherever it is: hybrid hosts have it below v1's. Null when there is none. */
export function findCgroupMount(mountinfo: string): CgroupMount | null {
  for (const line of mountinfo.split('\n')) {
    const [mount = '', source = ''] = line.split(' - ');
    const [, , , root, point] = mount.split(' ');
    if (root && point && source.startsWith('cgroup2 ')) return { root: unescaped(root), point: unescaped(point) };
  }
  return null;
}

/** The directory of the cgroup that a /proc/PID/cgroup text names; null when the mount does not show it. */
export function findOwnCgroup(mount: CgroupMount, cgroups: string): string | null {
  const path = /^0::(\/.*)$/m.exec(cgroups)?.[1];
  // "/.." is a cgroup above the root of this process's cgroup namespace: cgroup_namespaces(7).
  if (path === undefined || path.startsWith('/..')) return null;
  const within = posix.relative(mount.root, path);
  return within.startsWith('..') ? null : join(mount.point, within);
}

/** Where boxes of this user have their cgroups. */
export interface CgroupBases {
  /** Where new ones are made and can be joined; null where this user has no subtree, or one that is read-only. */
  make: string | null;
  /** Everywhere that another program of this user may have made them. */
  look: string[];
}

/** Derived from uid and host alone, so that every program of a user finds the same ones. */
export function cgroupBases(): CgroupBases {
  const mount = findCgroupMount(readText('/proc/self/mountinfo'));
  const uid = process.geteuid?.();
  if (!mount || uid === undefined) return { make: null, look: [] };
  const parent = uid === 0 ? mount.point : delegatedTo(uid, mount);
  // Programs of one user may be in different trees: a login session is outside of what systemd delegates to the user.
  const session = join(mount.point, 'user.slice', `user-${uid}.slice`, `user@${uid}.service`);
  const parents = [...new Set([...(parent ? [parent] : []), ...(uid === 0 ? [] : [session])])];
  const base = (directory: string) => join(directory, `boxlite-${uid}`);
  return { make: parent && isWritable(parent) ? base(parent) : null, look: parents.map(base) };
}

// The topmost directory that is this user's, on the way to where this process is: from there it can move its children.
function delegatedTo(uid: number, mount: CgroupMount): string | null {
  const own = findOwnCgroup(mount, readText('/proc/self/cgroup'));
  if (own === null) return null;
  let directory = mount.point;
  for (const name of ['', ...posix.relative(mount.point, own).split('/')]) {
    directory = join(directory, name);
    if (ownerOf(directory) === uid) return directory;
  }
  return null;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function ownerOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.uid ?? null;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

// proc_pid_mountinfo(5): space, tab, newline and backslash as octal.
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
