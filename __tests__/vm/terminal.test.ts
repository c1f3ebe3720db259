import type { Box, Process } from '../../lib/index';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

describe(`a command's terminal on ${engine}`, () => {
  const runtime = tempRuntime();
  let box: Box;
  beforeAll(async () => {
    box = await createdBox(runtime);
  });

  test('is its controlling terminal, on all three streams, of 80 columns and 24 rows, with a TERM', async () => {
    const command = 'tty; readlink /proc/self/fd/2 >&1; stty size; echo $TERM; echo err >&2; echo ctl > /dev/tty';
    const { stdout, stderr, exitCode } = await (await box.spawn(command, { tty: true })).wait();
    expect(stdout).toMatch(/^\/dev\/pts\/\d+\r\n\/dev\/pts\/\d+\r\n24 80\r\nxterm-256color\r\nerr\r\nctl\r\n$/);
    expect([stderr, exitCode]).toEqual(['', 0]);
  });

  test('belongs to the user of the command, with the group tty', async () => {
    const shown = await (await box.spawn('stat -c "%u %g %a" $(tty)', { tty: true, user: '1000' })).wait();
    expect(shown.stdout).toBe('1000 5 620\r\n');
  });

  test('keeps a TERM that was given', async () => {
    const shown = await (await box.spawn('echo $TERM', { tty: true, env: { TERM: 'dumb' } })).wait();
    expect(shown.stdout).toBe('dumb\r\n');
  });

  test('has the size that was given, and tells the command of a new one', async () => {
    const command = 'trap "stty size; exit 0" WINCH; stty size; echo up; while :; do sleep 0.05; done';
    const shell = await box.spawn(command, { tty: { cols: 100, rows: 30 } });
    const seen = reader(shell);
    expect(await seen.until('up\r\n')).toBe('30 100\r\nup\r\n');
    await shell.resize({ cols: 133, rows: 44 });
    expect((await shell.wait()).exitCode).toBe(0);
    expect(await seen.rest()).toBe('44 133\r\n');
    await expect(shell.resize({ cols: 1, rows: 1 })).resolves.toBeUndefined();
  });

  test('turns Ctrl-C into SIGINT for the job in front, and the shell goes on', async () => {
    const shell = await box.spawn(['/bin/sh', '-i'], { tty: true, env: { PS1: '> ' } });
    const seen = reader(shell);
    const writer = shell.stdin.getWriter();
    await writer.write('echo be"gun"; sleep 1000\n');
    await seen.until('begun\r\n');
    await writer.write('\x03');
    await writer.write('echo status $?\n');
    await seen.until('status 130\r\n');
    await writer.write('exit 7\n');
    expect(await shell.wait()).toMatchObject({ exitCode: 7 });
  });

  test('gives a shell job control: Ctrl-Z stops the job, fg brings it back', async () => {
    const shell = await box.spawn(['/bin/sh', '-i'], { tty: true, env: { PS1: '> ' } });
    const seen = reader(shell);
    const writer = shell.stdin.getWriter();
    await writer.write("sh -c 'echo in front; read line; echo got $line'\n");
    await seen.until('in front\r\n');
    await writer.write('\x1a');
    await seen.until('Stopped');
    await writer.write('fg\n');
    await seen.until('in front');
    await writer.write('a line\n');
    await seen.until('got a line\r\n');
    await writer.write('exit\n');
    expect((await shell.wait()).exitCode).toBe(0);
  });

  test('delivers the end of stdin, also behind a part of a line', async () => {
    for (const text of ['', 'whole\n', 'part']) {
      const cat = await box.spawn('stty -echo; echo up; cat; echo over', { tty: true });
      const seen = reader(cat);
      await seen.until('up\r\n');
      const writer = cat.stdin.getWriter();
      if (text) await writer.write(text);
      await writer.close();
      expect((await cat.wait()).exitCode).toBe(0);
      expect(await seen.rest()).toBe(`${text.replace('\n', '\r\n')}over\r\n`);
    }
  });

  test('loses nothing of what was written right before the end, however slowly it is read', async () => {
    const command = 'stty -onlcr; seq 1 20000';
    const { stdout } = await (await box.spawn(command, { tty: true })).wait();
    expect(stdout).toBe(`${Array.from({ length: 20_000 }, (_, n) => n + 1).join('\n')}\n`);
  });

  test('ends with its shell and the children of it, within the grace of an abort', async () => {
    const controller = new AbortController();
    const command = 'trap "" TERM HUP; (trap "" TERM HUP; sleep 1000) & sleep 1000 & echo up; wait';
    const options = { tty: true, signal: controller.signal, killGraceMs: 100 };
    const shell = await box.spawn(command, options);
    await reader(shell).until('up\r\n');
    const began = performance.now();
    controller.abort();
    await expect(shell.wait()).rejects.toMatchObject({ code: 'aborted' });
    expect(performance.now() - began).toBeLessThan(scaled(1_100));
    expect((await box.exec('pidof sleep')).exitCode).toBe(1);
  });

  test('is missing where none was asked for, and cannot be resized then', async () => {
    const cat = await box.spawn(['cat']);
    await expect(cat.resize({ cols: 80, rows: 24 })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'Cannot resize: the command has no terminal',
    });
    await cat.stdin.close();
    expect((await cat.wait()).exitCode).toBe(0);
    expect((await box.exec('tty; exit 0')).stdout).toBe('not a tty\n');
  });

  test('leaves no terminal behind', async () => {
    expect((await box.exec('ls /dev/pts')).stdout).toBe('ptmx\n');
  });
});

/** Reads a process's output as it comes. */
function reader(process: Process) {
  const source = process.stdout.getReader();
  let text = '';
  const more = async () => {
    const { value, done } = await source.read();
    if (value) text += Buffer.from(value).toString();
    return !done;
  };
  return {
    /** Everything up to the end of that text, once it has come. */
    async until(part: string): Promise<string> {
      while (!text.includes(part)) {
        if (!(await more()))
          throw new Error(`the output ended before ${JSON.stringify(part)}: ${JSON.stringify(text)}`);
      }
      const end = text.indexOf(part) + part.length;
      const passed = text.slice(0, end);
      text = text.slice(end);
      return passed;
    },
    /** All that comes after what was waited for. */
    async rest(): Promise<string> {
      while (await more()) {}
      return text;
    },
  };
}
