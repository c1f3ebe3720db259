import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { newBoxId } from '../../../lib/util/id';
import { inOwnMounts } from '../../helpers/namespaces';
import { cleanUp, runProgramBehind, tempDirectory } from '../support';

afterEach(cleanUp);

interface Seen {
  base: string | null;
  path: string | null;
  byCgroup: boolean;
  killed: number;
  alive: boolean;
  removed: boolean;
}

// A box in this program's view of the mounts: its cgroup is made, a process started in it where there is one, all is killed and removed.
const aBox = `
  const cgroup = lib('ownership/cgroup');
  const addon = lib('native/load').native();
  const [id] = process.argv.slice(1);
  const path = cgroup.createBoxCgroup(id);
  const nothing = require('node:fs').openSync('/dev/null', 'r+');
  const [read] = addon.pipe();
  const { pidfd } = addon.spawn({
    file: '/bin/sh', argv: ['/opt/boxlite-vmm', '-c', 'read _', id], env: [], fds: [read, nothing, nothing], ...(path ? { cgroup: path } : {}),
  });
  const { killed, byCgroup } = await lib('ownership/tree').killBoxTree(id);
  const alive = addon.pidfdReap(pidfd) === null;
  const removed = await cgroup.removeBoxCgroup(id);
  console.log(JSON.stringify({ base: cgroup.cgroupSupport().base, path, byCgroup, killed, alive, removed }));`;

async function seenAfter(mounting: string, ...args: string[]): Promise<{ id: string; seen: Seen }> {
  const id = newBoxId();
  const before = [...(inOwnMounts ?? []), '/bin/sh', '-ec', `${mounting}\nshift; exec "$@"`, 'sh', args[0] ?? ''];
  return { id, seen: JSON.parse(await runProgramBehind(before, aBox, id)) as Seen };
}

// Everything that shows a cgroup v2 tree, wherever it is.
const hide = `grep ' - cgroup2 ' /proc/self/mountinfo | cut -d' ' -f5 | while read -r point; do umount -l "$point"; done`;
const withoutCgroups = { base: null, path: null, byCgroup: false, killed: 1, alive: false, removed: false };

// Only root may change mounts without a user namespace, in which no cgroup could be written; the titles say when this is not shown.
const shown = inOwnMounts === null ? test.skip : test;
const said = inOwnMounts === null ? ' (not shown: this user may change no mounts)' : '';

shown(`K8: a tree that is mounted elsewhere is found and used there${said}`, async () => {
  const point = join(tempDirectory(), 'a tree');
  mkdirSync(point);
  const { id, seen } = await seenAfter(`${hide}\nmount -t cgroup2 none "$1"`, point);
  const base = join(point, 'boxlite-0');
  expect(seen).toEqual({ base, path: join(base, id), byCgroup: true, killed: 1, alive: false, removed: true });
});

shown(`K8: where no tree is mounted a box is killed without one${said}`, async () => {
  const { seen } = await seenAfter(hide);
  expect(seen).toEqual(withoutCgroups);
});

shown(`K8: a tree that is read-only is as good as none${said}`, async () => {
  const { seen } = await seenAfter(
    `${hide}\nmount -t cgroup2 none "$1"; mount -o remount,bind,ro "$1"`,
    tempDirectory(),
  );
  expect(seen).toEqual(withoutCgroups);
});
