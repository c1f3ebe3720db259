import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { machine } from '../machine.mjs';
import { image, ownership, sdk } from '../paths.mjs';
import { steadyPss } from '../pss.mjs';
import { pump } from './build.mjs';
import { qemuWith, startGvproxy } from './gvproxy.mjs';

const GUEST_PORT = 8080;
/** What stands for the host's loopback, in the networks of both. */
export const HOST = '192.168.127.254';

/** Boxes that differ in their network alone: boxlite-netd's, and those of gvproxy with each MTU. */
export async function openSides({ mtus, hostPort, signal }) {
  const scratch = mkdtempSync(join(tmpdir(), 'boxlite-bench-'));
  const { Runtime } = await import(sdk);
  const { findBoxProcesses } = await import(ownership);
  const runtime = new Runtime({ home: join(scratch, 'home'), engine: 'qemu' });
  const peers = [];
  const create = async (options) => {
    const network = { allow: [`127.0.0.1:${hostPort}`] };
    const box = await runtime.createBox({ image: { layout: image }, ...machine, network, ...options }, { signal });
    await box.fs.writeFile('/pump', readFileSync(pump), { mode: 0o755 });
    await serving(box);
    return box;
  };

  async function ours() {
    const box = await create({ ports: [{ guest: GUEST_PORT }] });
    const netd = findBoxProcesses(box.id).find(({ argv }) => basename(argv[0]) === 'boxlite-netd');
    const idleMiB = await steadyPss(netd.pid, signal);
    return { name: 'netd', box, port: (await box.info()).ports[0].host, pid: netd.pid, idleMiB };
  }

  async function theirs(mtu) {
    const directory = join(scratch, `gvproxy-${mtu}`);
    mkdirSync(directory);
    const gvproxy = await startGvproxy(directory, mtu);
    peers.push(gvproxy);
    const box = await withPath(qemuWith(directory, gvproxy.socket), () => create({}));
    const port = await freePort();
    await gvproxy.forward(port, GUEST_PORT);
    return { name: `gvproxy, MTU ${mtu}`, box, port, pid: gvproxy.pid };
  }

  const close = async () => {
    for await (const { id } of runtime.listBoxes()) await runtime.remove(id, { force: true });
    await runtime.close();
    for (const peer of peers) await peer.close();
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    const sides = [await ours()];
    for (const mtu of mtus) sides.push(await theirs(mtu));
    return { sides, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The pump of the guest, for the requests to the published port; it ends with the box. */
async function serving(box) {
  const served = await box.spawn(['/pump', 'serve', String(GUEST_PORT)]);
  for await (const line of served.lines()) if (line === String(GUEST_PORT)) return;
  throw new Error('the pump of the guest has ended');
}

/** The engine looks for QEMU when a box is created. */
async function withPath(directory, work) {
  const before = process.env.PATH;
  process.env.PATH = `${directory}${delimiter}${before}`;
  try {
    return await work();
  } finally {
    process.env.PATH = before;
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
