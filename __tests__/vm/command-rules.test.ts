import { type Box, Runtime } from '../../lib/index';
import { createdBox, engine, homeOf, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

describe(`the rules of commands on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    box = await createdBox(runtime, { user: 'user', cwd: '/tmp' });
    const root = { user: 'root', check: true };
    await box.exec('mkdir /opt /opt/bin /opt/closed && chmod 700 /opt/closed', root);
    await box.exec('printf "#!/no/such\\n" > /opt/bin/script && chmod 755 /opt/bin/script', root);
    await box.exec('printf "#!/etc/passwd\\n" > /opt/bin/odd && chmod 755 /opt/bin/odd', root);
    await box.exec('echo text > /opt/bin/text && chmod 755 /opt/bin/text && ln -s loop /opt/bin/loop', root);
    await box.exec('mkfifo /opt/bin/fifo && chmod 755 /opt/bin/fifo', root);
    await box.exec('printf "#!/bin/sh\\necho \\$1\\n" > /tmp/here && chmod 755 /tmp/here', root);
  });

  test.each<[string[], string, string]>([
    [['nowhere'], 'exec-not-found', 'Cannot run "nowhere": not found in PATH'],
    [[''], 'exec-not-found', 'Cannot run "": no such file'],
    [['/opt/nowhere'], 'exec-not-found', 'Cannot run "/opt/nowhere": no such file'],
    [['/etc/passwd/x'], 'exec-not-found', 'Cannot run "/etc/passwd/x": a part of its path is not a directory'],
    [[`/${'n'.repeat(256)}`], 'exec-not-found', `Cannot run "/${'n'.repeat(255)}…": its path is too long`],
    [['/etc/passwd'], 'exec-denied', 'Cannot run "/etc/passwd": not executable'],
    [['/opt'], 'exec-denied', 'Cannot run "/opt": is a directory'],
    [['/opt/bin/fifo'], 'exec-denied', 'Cannot run "/opt/bin/fifo": not a regular file'],
    [['/opt/closed/x'], 'exec-denied', 'Cannot run "/opt/closed/x": Permission denied'],
    [['/opt/bin/loop'], 'exec-denied', 'Cannot run "/opt/bin/loop": Too many levels of symbolic links'],
    [
      ['/opt/bin/text'],
      'exec-denied',
      'Cannot run "/opt/bin/text": not a program of this machine, and without a #! line',
    ],
    [['/opt/bin/script'], 'exec-denied', 'Cannot run "/opt/bin/script": bad interpreter "/no/such": no such file'],
    [['/opt/bin/odd'], 'exec-denied', 'Cannot run "/opt/bin/odd": bad interpreter "/etc/passwd": not executable'],
  ])('%j is refused: %s', async (command, code, message) => {
    await expect(box.exec(command)).rejects.toMatchObject({ code, message, box: box.id });
    await expect(box.spawn(command)).rejects.toMatchObject({ code, message });
  });

  test('a name is searched in the PATH of the command itself, where an empty element is its directory', async () => {
    const echo = (PATH: string, cwd = '/') => box.exec(['here', 'found'], { env: { PATH }, cwd });
    expect((await echo('/opt:/tmp')).stdout).toBe('found\n');
    expect((await echo(':/opt', '/tmp')).stdout).toBe('found\n');
    await expect(echo('/opt', '/tmp')).rejects.toMatchObject({ code: 'exec-not-found' });
    await expect(box.exec(['env'], { env: { PATH: '/opt' } })).rejects.toMatchObject({ code: 'exec-not-found' });
    const found = box.exec(['passwd'], { env: { PATH: '/etc/passwd:/no:/etc' } });
    await expect(found).rejects.toMatchObject({
      code: 'exec-denied',
      message: 'Cannot run "/etc/passwd": not executable',
    });
    const script = box.exec(['script'], { env: { PATH: '/opt/bin' } });
    await expect(script).rejects.toMatchObject({
      code: 'exec-denied',
      message: 'Cannot run "/opt/bin/script": bad interpreter "/no/such": no such file',
    });
  });

  test('arguments may take nearly 1 MiB; more is a limit, and so is a request that grows past its own', async () => {
    const kib = (count: number, text = 'x') => text.repeat(count * 1024 - 1);
    const most = Array.from({ length: 8 }, () => kib(127));
    const { stdout } = await box.exec(['sh', '-c', 'echo $# $0 | wc -c', ...most]);
    expect(stdout).toBe(`${127 * 1024 + 2}\n`);
    await expect(box.exec(['true', ...most, kib(8)])).rejects.toMatchObject({ code: 'limit' });
    await expect(box.exec(['true', kib(128), 'x'])).resolves.toMatchObject({ ok: true });
    await expect(box.exec(['true', `${kib(128)}x`])).rejects.toMatchObject({ code: 'limit' });
    const grown = box.exec(['true', ...most.map(() => kib(127, '\x01'))]);
    await expect(grown).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringMatching(/^A request of \d+ bytes exceeds the box protocol's limit of 4194304 bytes$/),
    });
    expect((await box.exec(['true'])).ok).toBe(true);
  });

  test('a string needs /bin/sh, and says so where there is none', async () => {
    await box.exec(['mv', '/bin/sh', '/bin/away'], { user: 'root', check: true });
    try {
      await expect(box.exec('true')).rejects.toMatchObject({
        code: 'exec-not-found',
        message: 'Cannot run "/bin/sh": no such file',
        hint: 'The image has no shell: give the command as an array, which needs none.',
      });
    } finally {
      await box.exec(['mv', '/bin/away', '/bin/sh'], { user: 'root', check: true });
    }
    await expect(box.exec(['exit 0'])).rejects.toMatchObject({ code: 'exec-not-found' });
    expect((await box.exec('')).ok).toBe(true);
  });

  test.each([
    ['file-not-found', { cwd: '/no' }, 'Cannot run the command in "/no": no such directory'],
    ['not-a-directory', { cwd: '/etc/passwd' }, 'Cannot run the command in "/etc/passwd": not a directory'],
    ['permission', { cwd: '/opt/closed' }, 'Cannot run the command in "/opt/closed": the user may not enter it'],
    ['invalid-argument', { user: 'who' }, 'Unknown user in "who"'],
    ['invalid-argument', { user: 'root:who' }, 'Unknown group in "root:who"'],
  ])('rejects with %s for %j', async (code, options, message) => {
    await expect(box.exec(['true'], options)).rejects.toMatchObject({ code, message });
  });

  test('the environment has nothing but what is listed, by who the user is', async () => {
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const variables = async (user?: string) =>
      (await box.exec(['env'], user === undefined ? {} : { user })).stdout.trim().split('\n').sort();
    expect(await variables()).toEqual(['HOME=/home/user', 'LOGNAME=user', path, 'USER=user']);
    expect(await variables('root')).toEqual(['HOME=/root', 'LOGNAME=root', path, 'USER=root']);
    expect(await variables('4242')).toEqual(['HOME=/', path]);
    const given = await box.exec(['/bin/busybox', 'env'], { env: { PATH: null, HOME: '/x', USER: 'y', LOGNAME: 'z' } });
    expect(given.stdout.trim().split('\n').sort()).toEqual(['HOME=/x', 'LOGNAME=z', path, 'USER=y']);
  });

  test.each([
    ['user', '1000 1000 1000 1001'],
    ['1000', '1000 1000 1000 1001'],
    ['user:staff', '1000 1001 1001'],
    ['1000:0', '1000 0 0'],
    ['4242', '4242 0 0'],
    ['4242:4343', '4242 4343 4343'],
    ['root', '0 0 0'],
  ])('the user %s has the ids of the files of its image: %s', async (user, ids) => {
    expect((await box.exec('echo $(id -u) $(id -g) $(id -G)', { user })).stdout).toBe(`${ids}\n`);
  });

  test('an image whose passwd is no file, or one of a megabyte, has numbers and root, and hangs nothing', async () => {
    const root = { user: '0', check: true };
    await box.exec('mv /etc/passwd /etc/passwd.kept', root);
    const odd = ['mkfifo', 'mkdir', 'ln -s /dev/zero', 'ln -s loop', 'yes root:x:9:9::/x:/x | head -c 1m >'];
    try {
      for (const made of odd) {
        await box.exec(`rm -rf /etc/passwd; ${made} /etc/passwd`, root);
        const { stdout } = await box.exec('grep ^Uid /proc/self/status', { user: '1000' });
        expect([made, stdout]).toEqual([made, 'Uid:\t1000\t1000\t1000\t1000\n']);
        await expect(box.exec(['true'])).rejects.toMatchObject({
          code: 'invalid-argument',
          message: 'Unknown user in "user"',
        });
      }
    } finally {
      await box.exec('rm -rf /etc/passwd; mv /etc/passwd.kept /etc/passwd', root);
    }
  });

  test('a command starts with a umask of 022, 1024 files of 1048576, no core, and three descriptors', async () => {
    const limits = 'umask; ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc';
    expect((await box.exec(limits)).stdout).toBe('0022\n1024\n1048576\n0\n0\n');
    expect((await box.exec(['ls', '/proc/self/fd'])).stdout).toBe('0\n1\n2\n3\n');
    expect((await box.exec(['readlink', '/proc/self/fd/0'])).stdout).toBe('/dev/null\n');
  });

  test('its streams belong to its user, who can open them again', async () => {
    const again = 'cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr';
    expect(await box.exec(again, { stdin: 'in\n' })).toMatchObject({ ok: true, stdout: 'in\nout\n', stderr: 'err\n' });
  });

  test('kill reaches all that it started, with the signal by its name', async () => {
    const process = await box.spawn('setsid sleep 1000 & (sleep 1000 &) ; exec sleep 1000');
    await process.waitForLog('never', { timeoutMs: 50 }).catch(() => {});
    expect(await process.kill()).toBe(true);
    expect((await process.wait()).signal).toBe('SIGTERM');
    expect((await box.exec('while pidof sleep > /dev/null; do :; done')).ok).toBe(true);
    const real = await box.spawn('trap "exit 9" 37; echo up; while :; do sleep 0.05; done');
    await real.waitForLog('up');
    expect(await real.kill('SIGRTMIN+3')).toBe(true);
    expect((await real.wait()).exitCode).toBe(9);
    await expect(real.kill('SIGNO' as 'SIGTERM')).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('what it left behind belongs to the box after its end', async () => {
    const process = await box.spawn('sleep 1000 & echo $!');
    const pid = (await process.wait()).stdout.trim();
    expect(await process.kill()).toBe(false);
    expect((await box.exec(['kill', pid])).ok).toBe(true);
  });

  test('signal and timeoutMs of spawn bound its life, and wait() rejects with what there was', async () => {
    const timed = await box.spawn('echo so far; sleep 1000', { timeoutMs: scaled(300) });
    await expect(timed.wait()).rejects.toMatchObject({
      code: 'exec-timeout',
      message: `The command did not end within its ${scaled(300)} ms`,
      partial: { stdout: 'so far\n', timedOut: true, ok: false, signal: 'SIGTERM' },
    });
    const controller = new AbortController();
    const aborted = await box.spawn('trap "echo end; exit 3" TERM; echo up; while :; do sleep 0.05; done', {
      signal: controller.signal,
    });
    await aborted.waitForLog('up');
    controller.abort();
    await expect(aborted.wait()).rejects.toMatchObject({
      code: 'aborted',
      message: 'The command was aborted',
      partial: { stdout: 'up\nend\n', aborted: true, exitCode: 3, ok: false },
    });
  });

  test('a stream that was taken is empty in the result of wait(), the other is collected within its limit', async () => {
    const process = await box.spawn('seq 1 1000 >&2; echo taken', { maxOutputBytes: 8, keep: 'tail' });
    const lines: string[] = [];
    for await (const line of process.lines()) lines.push(line);
    const result = await process.wait();
    expect(lines).toEqual(['taken']);
    expect(result).toMatchObject({ stdout: '', stderr: '999\n1000\n'.slice(-8), dropped: { stdout: 0, stderr: 3885 } });
  });

  test('writing after its end errors the stream with process-not-found', async () => {
    const process = await box.spawn('exit 0');
    const writer = process.stdin.getWriter();
    await process.wait();
    await expect(writer.write('late')).rejects.toMatchObject({ code: 'process-not-found' });
  });

  test('losing the connection ends it, with its children', async () => {
    const other = new Runtime({ home: homeOf(runtime), engine });
    const same = await other.getBox(box.id);
    const process = await same?.spawn('setsid sleep 1000 & echo up; exec sleep 1000');
    await process?.waitForLog('up');
    await other.close();
    expect((await box.exec('while pidof sleep > /dev/null; do :; done', { timeoutMs: scaled(5_000) })).ok).toBe(true);
  });

  test('an exec-failed says how it ended and its last words', async () => {
    await expect(box.exec('echo a >&2; echo why >&2; exit 3', { check: true })).rejects.toMatchObject({
      code: 'exec-failed',
      message: "The command 'echo a >&2; echo why >&2; exit 3' exited with 3: why",
      hint: 'The whole output is in error.partial.',
      partial: { exitCode: 3, stderr: 'a\nwhy\n' },
    });
    await expect(box.exec('kill -9 $$', { check: true })).rejects.toMatchObject({
      message: "The command 'kill -9 $$' was ended by SIGKILL",
    });
  });
});
