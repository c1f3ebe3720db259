import { newBoxId } from '../../../lib/util/id';
import { inOwnPids } from '../../helpers/namespaces';
import { runProgramBehind } from '../support';

// A program that kills a box; at the last moment, when its process has been found and is about to be opened, another takes its place.
const killing = (swap: string) => `
  const fs = require('node:fs');
  const addon = lib('native/load').native();
  const { readIdentity } = lib('ownership/identity');
  const nothing = fs.openSync('/dev/null', 'r+');
  const [read, write] = addon.pipe();
  const start = (name, script, ...names) =>
    addon.spawn({ file: '/bin/sh', argv: [name, '-c', script, ...names], env: [], fds: [read, nothing, nothing] });
  const waitFor = (fact) => {
    for (const endsAt = Date.now() + 20_000; !fact(); ) if (Date.now() > endsAt) throw new Error('in vain: ' + fact);
  };
  const first = start('/opt/boxlite-vmm', 'read _; exec /bin/sleep 1000', process.argv[1]);
  const swap = ${swap};
  const open = addon.pidfdOpen;
  let swaps = 0;
  addon.pidfdOpen = (pid) => {
    if (pid === first.pid && swaps++ === 0) swap();
    return open(pid);
  };
  await lib('ownership/tree').killBoxTree(process.argv[1]);
  console.log(JSON.stringify({ swaps, now: readIdentity(first.pid)?.argv ?? null }));
  const last = open(first.pid);
  if (last !== null) addon.pidfdSend(last, 9);`;

test('I4: a process that has become another program since it was found is not killed', async () => {
  const swap = `() => {
    fs.writeSync(write, 'go\\n');
    waitFor(() => readIdentity(first.pid)?.argv[0] === '/bin/sleep');
  }`;
  expect(JSON.parse(await runProgramBehind([], killing(swap), newBoxId()))).toEqual({
    swaps: 1,
    now: ['/bin/sleep', '1000'],
  });
});

// The kernel gives a number out again when it is told to, which takes a pid namespace; the title says where there is none.
const recycled = 'I4: a process that was given the number of one that was found is not killed';
if (inOwnPids === null) {
  test.skip(`${recycled} (not shown: this user can make no pid namespace here)`, () => {});
} else {
  test(recycled, async () => {
    const swap = `() => {
      addon.pidfdSend(first.pidfd, 9);
      waitFor(() => addon.pidfdReap(first.pidfd) !== null);
      waitFor(() => {
        fs.writeFileSync('/proc/sys/kernel/ns_last_pid', String(first.pid - 1));
        return start('/bin/sh', 'read _', 'a stranger').pid === first.pid;
      });
    }`;
    const seen = await runProgramBehind(inOwnPids ?? [], killing(swap), newBoxId());
    expect(JSON.parse(seen)).toEqual({ swaps: 1, now: ['/bin/sh', '-c', 'read _', 'a stranger'] });
  });
}
