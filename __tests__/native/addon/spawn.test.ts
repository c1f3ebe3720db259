import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { native } from '../../../lib/native/load';
import { cleanUp, openFds, tempDirectory, until } from '../support';

afterEach(cleanUp);

// On descriptor 3: where 0, 1 and 2 lead.
const tellLinks = 'for n in 0 1 2; do links="$links$(readlink /proc/$$/fd/$n)|"; done; echo "$links" >&3';

/** What a program prints when it is started with the addon, with nothing but its three descriptors. */
async function outputOf(file: string, argv: string[], more: { env?: string[]; cwd?: string } = {}): Promise<string> {
  const [read, write] = native().pipe();
  const nothing = openSync('/dev/null', 'r');
  const { pidfd } = native().spawn({ file, argv, env: [], fds: [nothing, write, write], ...more });
  closeSync(write);
  closeSync(nothing);
  const output = readFileSync(read, 'utf8');
  closeSync(read);
  await until('the child was reaped', () => native().pidfdReap(pidfd) !== null);
  closeSync(pidfd);
  return output;
}

test('a child has exactly the argv, the environment and the directory that were given', async () => {
  const directory = tempDirectory();
  const script = 'echo "$0|$1|$A|$(pwd)"; tr "\\0" "\\n" < /proc/$$/environ';
  const output = await outputOf('/bin/sh', ['sh', '-c', script, 'zero', 'a b'], { env: ['A=1'], cwd: directory });
  expect(output).toBe(`zero|a b|1|${directory}\nA=1\n`);
});

test('a child has no descriptors but those that were given', async () => {
  const inheritable = openSync('/dev/zero', 'r');
  const listed = await outputOf('/bin/ls', ['ls', '/proc/self/fd']);
  closeSync(inheritable);
  // 3 is the directory that ls itself opened.
  expect(listed.trim().split('\n')).toEqual(['0', '1', '2', '3']);
});

test('descriptors arrive at their places when the numbers overlap', async () => {
  const directory = tempDirectory();
  const [read, write] = native().pipe();
  const low = [0, 1, 2].map((n) => openSync(`${directory}/${n}`, 'w+'));
  const fds = [2, 0, 1].map((index) => low[index] as number);
  const { pidfd } = native().spawn({ file: '/bin/sh', argv: ['sh', '-c', tellLinks], env: [], fds: [...fds, write] });
  closeSync(write);
  const [zero, one, two] = readFileSync(read, 'utf8').split('|');
  for (const fd of [read, ...low]) closeSync(fd);
  await until('the child was reaped', () => native().pidfdReap(pidfd) !== null);
  closeSync(pidfd);
  expect([zero, one, two]).toEqual([`${directory}/2`, `${directory}/0`, `${directory}/1`]);
});

test('one descriptor can be given twice, and in the place of another that is still needed', async () => {
  const [read, write] = native().pipe();
  // The standard streams of this process are numbers 0 to 2 themselves: each is moved to a place that another still holds.
  const links = [1, 2, 0].map((fd) => readlinkSync(`/proc/self/fd/${fd}`));
  const fds = [1, 2, 0, write, write];
  const { pidfd } = native().spawn({ file: '/bin/sh', argv: ['sh', '-c', tellLinks], env: [], fds });
  closeSync(write);
  expect(readFileSync(read, 'utf8').split('|').slice(0, 3)).toEqual(links);
  closeSync(read);
  await until('the child was reaped', () => native().pidfdReap(pidfd) !== null);
  closeSync(pidfd);
});

test('a child ignores and blocks no signal, though Node ignores SIGPIPE', async () => {
  expect(maskOf(readFileSync('/proc/self/status', 'utf8'), 'SigIgn')).not.toBe(0n);
  const status = await outputOf('/bin/cat', ['cat', '/proc/self/status']);
  for (const name of ['SigBlk', 'SigIgn', 'SigCgt']) expect([name, maskOf(status, name)]).toEqual([name, 0n]);
});

test.each([
  ['a program that is not there', { file: '/nowhere' }, 'ENOENT', 'execve'],
  ['a program that is a directory', { file: '/tmp' }, 'EACCES', 'execve'],
  ['a directory that is not there', { cwd: '/nowhere' }, 'ENOENT', 'chdir'],
  ['a descriptor that is not open', { fds: [9999] }, 'EBADF', 'fcntl'],
  ['a cgroup that is not there', { cgroup: '/nowhere' }, 'ENOENT', 'cgroup.procs'],
  ['an argument that is too long', { argv: ['x', 'y'.repeat(200_000)] }, 'E2BIG', 'execve'],
])('%s is refused with its errno and the step, and leaves no child and no descriptor', (_, more, code, syscall) => {
  const before = openFds();
  const children = childrenOfThisThread();
  const request = { file: '/bin/true', argv: ['true'], env: [], fds: [], ...more };
  expect(() => native().spawn(request)).toThrow(expect.objectContaining({ code, syscall }));
  expect(openFds()).toBe(before);
  expect(childrenOfThisThread()).toBe(children);
});

test.each([
  ['no request', undefined, /Expected an object/],
  ['a NUL in an argument', { file: '/bin/true', argv: ['a\0b'], env: [], fds: [] }, /without NUL for argv/],
  ['a descriptor that is no number', { file: '/bin/true', argv: [], env: [], fds: ['1'] }, /integer for fds/],
  ['a negative descriptor', { file: '/bin/true', argv: [], env: [], fds: [-1] }, /file descriptor for fds/],
  ['an environment that is no list', { file: '/bin/true', argv: [], env: {}, fds: [] }, /array for env/],
])('%s is a TypeError', (_, request, message) => {
  expect(() => native().spawn(request as never)).toThrow(message);
});

test('200 children leave no descriptor and no child', async () => {
  const before = openFds();
  const pidfds = Array.from(
    { length: 200 },
    () => native().spawn({ file: '/bin/true', argv: ['true'], env: [], fds: [] }).pidfd,
  );
  for (const pidfd of pidfds) {
    await until('the child was reaped', () => native().pidfdReap(pidfd) !== null);
    closeSync(pidfd);
  }
  expect(openFds()).toBe(before);
});

function maskOf(status: string, name: string): bigint {
  return BigInt(`0x${new RegExp(`^${name}:\\t(\\w+)$`, 'm').exec(status)?.[1]}`);
}

function childrenOfThisThread(): string {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
}
