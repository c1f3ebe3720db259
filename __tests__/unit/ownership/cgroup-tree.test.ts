import { findCgroupMount, findOwnCgroup } from '../../../lib/ownership/cgroup-tree';

const unified = '25 30 0:23 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate';
const hybrid = [
  '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu',
  '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
].join('\n');

test('K8: the cgroup v2 tree is found where it is mounted, on unified and hybrid hosts', () => {
  expect(findCgroupMount(unified)).toEqual({ root: '/', point: '/sys/fs/cgroup' });
  expect(findCgroupMount(hybrid)).toEqual({ root: '/', point: '/sys/fs/cgroup/unified' });
});

test('K8: a mount below a cgroup, a path with a space and several optional fields are read', () => {
  const line = '99 1 0:5 /docker/abc /mnt/my\\040cgroup ro shared:1 master:2 - cgroup2 none ro';
  expect(findCgroupMount(line)).toEqual({ root: '/docker/abc', point: '/mnt/my cgroup' });
});

test('K8: without cgroup v2 there is no tree', () => {
  expect(findCgroupMount(hybrid.split('\n').slice(0, 2).join('\n'))).toBeNull();
  expect(findCgroupMount('')).toBeNull();
  expect(findCgroupMount('x y z\n- cgroup2')).toBeNull();
});

test.each([
  ['/', '0::/user.slice/a.scope', '/cg/user.slice/a.scope'],
  ['/', '9:name=systemd:/\n0::/\n', '/cg'],
  ['/docker/abc', '0::/docker/abc/inner', '/cg/inner'],
  ['/docker/abc', '0::/docker/abc', '/cg'],
])('K8: under the root %s the own cgroup of %j is %s', (root, cgroups, directory) => {
  expect(findOwnCgroup({ root, point: '/cg' }, cgroups)).toBe(directory);
});

test.each([
  ['/docker/abc', '0::/elsewhere'],
  ['/', '0::/../outside'],
  ['/', '4:memory:/x'],
  ['/', ''],
])('K8: under the root %s the own cgroup of %j cannot be seen', (root, cgroups) => {
  expect(findOwnCgroup({ root, point: '/cg' }, cgroups)).toBeNull();
});
