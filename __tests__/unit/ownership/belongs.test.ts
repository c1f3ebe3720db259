import { belongsToBox, boxOfProgram } from '../../../lib/ownership/belongs';

const id = 'abcdefghij01';
const facts = (argv: string[], more = {}) => ({ argv, inCgroup: false, ancestors: [], ...more });

test.each<[string, string[], string | null]>([
  ['the shim', ['/opt/boxlite-shim', id], id],
  ['the VMM', ['boxlite-vmm', id], id],
  ['the network', ['/a b/boxlite-netd', id], id],
  ['QEMU with the marker', ['/usr/bin/qemu-system-x86_64', '-name', id, '-m', '256'], id],
])('K2: %s is the box’s own, and tells which box it runs', (_, argv, box) => {
  expect([belongsToBox(id, facts(argv)), boxOfProgram(argv)]).toEqual([true, box]);
});

test.each<[string, string[]]>([
  ['an editor', ['vim', id]],
  ['a tail of its log', ['tail', '-f', id]],
  ['a program of a user', ['node', 'stop.js', id]],
  ['another box’s shim', ['/opt/boxlite-shim', `${id}0`]],
  ['another box’s QEMU', ['/usr/bin/qemu-system-x86_64', '-name', 'other', '-m', id]],
  ['a user’s QEMU that has it elsewhere', ['/usr/bin/qemu-system-x86_64', '-m', '256', '-name', id]],
  ['a program whose name only begins so', ['/opt/boxlite-shim-viewer', id]],
  ['a shim with the id as its own name', [id, 'boxlite-shim']],
  ['nothing', []],
])('K2: %s is a stranger', (_, argv) => {
  expect([belongsToBox(id, facts(argv)), boxOfProgram(argv) === id]).toEqual([false, false]);
});

test('K2: a member of the cgroup, and what a program of the box started, belong to it whatever they are called', () => {
  expect(belongsToBox(id, facts(['sleep', '1'], { inCgroup: true }))).toBe(true);
  const ancestors = [['/bin/sh'], ['/opt/boxlite-shim', id], ['/sbin/init']];
  expect(belongsToBox(id, facts(['sleep', '1'], { ancestors }))).toBe(true);
  expect(belongsToBox(`${id}0`, facts(['sleep', '1'], { ancestors }))).toBe(false);
});

test('R6: a program of ours with more than its one argument tells of no box', () => {
  expect(boxOfProgram(['/opt/boxlite-shim', id, '--verbose'])).toBeNull();
  expect(boxOfProgram(['/opt/boxlite-shim'])).toBeNull();
  expect(boxOfProgram(['/opt/boxlite-shim', ''])).toBeNull();
});
