import { readdir, readFile, readlink } from 'node:fs/promises';
import { BoxliteError } from '../errors';
import type { CheckedPort } from '../options';

/** The same error, and for a port that is taken who holds it, where that can be seen: only one's own processes show it. */
export async function explainPorts(error: unknown, ports: readonly CheckedPort[] = []): Promise<unknown> {
  if (!BoxliteError.is(error, 'port-in-use')) return error;
  // The box that wanted them is gone by now, so what is held is held by somebody else.
  for (const { host, protocol } of ports.filter(({ host }) => host !== 0)) {
    const holder = await holderOf(host, protocol);
    if (holder) {
      const { code, message, hint, box, consoleTail } = error;
      return new BoxliteError(code, `${message}, by ${holder}`, { hint, box, consoleTail, cause: error });
    }
  }
  return error;
}

/** "node (pid 4711)", or null. */
export async function holderOf(port: number, protocol: 'tcp' | 'udp'): Promise<string | null> {
  const inodes = await boundSockets(port, protocol);
  if (inodes.size === 0) return null;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (!(await holdsOne(pid, inodes))) continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    return `${name.trim() || 'a process'} (pid ${pid})`;
  }
  return null;
}

/** Inodes of the sockets that are bound to the port and connected to nobody: proc(5), /proc/net/tcp. */
async function boundSockets(port: number, protocol: 'tcp' | 'udp'): Promise<Set<string>> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = new Set<string>();
  for (const file of [protocol, `${protocol}6`]) {
    const text = await readFile(`/proc/net/${file}`, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', remote = '', , , , , , , inode = '0'] = line.trim().split(/\s+/);
      if (local.endsWith(suffix) && /^0+:0000$/.test(remote) && inode !== '0') inodes.add(`socket:[${inode}]`);
    }
  }
  return inodes;
}

async function holdsOne(pid: string, inodes: Set<string>): Promise<boolean> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const fd of fds) {
    if (inodes.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) return true;
  }
  return false;
}
