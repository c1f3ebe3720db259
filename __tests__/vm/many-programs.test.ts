import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Box, Runtime, type RuntimeEvent } from '../../lib/index';
import { findBoxProcesses } from '../../lib/ownership/index';
import { tempHome } from '../helpers/homes';
import { busyboxImage } from '../helpers/images';
import { otherProgram } from '../helpers/programs';
import { engine } from '../helpers/runtimes';

const home = tempHome();
const options = { image: { layout: busyboxImage() }, memoryMiB: 256 };
const noted = join(home, 'noted');
const note = `const { appendFileSync } = require('node:fs'); const note = (text) => appendFileSync(${JSON.stringify(noted)}, text + '\\n');`;

describe(`many programs with one home on ${engine}`, () => {
  const runtime = new Runtime({ home, engine });
  afterAll(() => runtime.close());

  test('getOrCreateBox gives racing programs one box, which onCreate has prepared once, and starts it again when it rests', async () => {
    writeFileSync(noted, '');
    const body = `${note}
      const onCreate = async (box) => { note('prepared'); await box.exec('sleep 0.3; echo done > /root/done', { check: true }); };
      const box = await runtime.getOrCreateBox({ ...image, name: 'shared', detached: true, onCreate });
      say(box.id + ' ' + (await box.exec(['cat', '/root/done'])).stdout.trim());`;
    const programs = [1, 2, 3].map(() => otherProgram(home, body));
    const lines = await Promise.all(programs.map((program) => program.line()));
    await Promise.all(programs.map(({ ended }) => ended));
    expect(new Set(lines).size).toBe(1);
    expect(lines[0]).toMatch(/^[a-z0-9]{12} done$/);
    expect(readFileSync(noted, 'utf8')).toBe('prepared\n');
    const onCreate = async () => writeFileSync(noted, 'again');
    const box = await runtime.getOrCreateBox({ ...options, name: 'shared', onCreate });
    expect(`${box.id} done`).toBe(lines[0]);
    await box.stop();
    const again = await runtime.getOrCreateBox({ ...options, name: 'shared', onCreate });
    expect([again.id, (await again.exec(['cat', '/root/done'])).stdout]).toEqual([box.id, 'done\n']);
    expect(readFileSync(noted, 'utf8')).toBe('prepared\n');
    const twice = await Promise.all([1, 2].map(() => again.remove({ force: true })));
    expect(twice).toContain(true);
    expect(await runtime.getBox('shared')).toBeNull();
  });

  test('an onCreate that throws, or is cut off, leaves no box, and its error reaches the caller', async () => {
    const wrong = new Error('not today');
    const ids: string[] = [];
    const failing = (onCreate: (box: Box) => Promise<void>, timeoutMs?: number) =>
      runtime.getOrCreateBox(
        {
          ...options,
          name: 'unprepared',
          onCreate: async (box) => {
            ids.push(box.id);
            await onCreate(box);
          },
        },
        timeoutMs === undefined ? {} : { timeoutMs },
      );
    await expect(failing(() => Promise.reject(wrong))).rejects.toBe(wrong);
    const controller = new AbortController();
    const cut = runtime.getOrCreateBox(
      {
        ...options,
        name: 'unprepared',
        onCreate: (box) => {
          ids.push(box.id);
          controller.abort();
          return new Promise(() => {});
        },
      },
      { signal: controller.signal },
    );
    await expect(cut).rejects.toMatchObject({ code: 'aborted' });
    expect(ids).toHaveLength(2);
    expect(ids.flatMap(findBoxProcesses)).toEqual([]);
    expect(await runtime.getBox('unprepared')).toBeNull();
  });

  test('a program that is killed while it prepares a box leaves it to the next, which makes a new one', async () => {
    const body = `await runtime.getOrCreateBox({ ...image, name: 'left', detached: true, onCreate: async (box) => {
      await box.exec('echo half > /root/half', { check: true }); say(box.id); await next(); } });`;
    const program = otherProgram(home, body);
    const first = await program.line();
    // Waits for the one that prepares it, and then has to do it itself.
    const prepared: string[] = [];
    const onCreate = async (box: Box) => void prepared.push(box.id);
    const waiting = runtime.getOrCreateBox({ ...options, name: 'left', onCreate });
    program.process.kill('SIGKILL');
    const box = await waiting;
    expect(prepared).toEqual([box.id]);
    expect(box.id).not.toBe(first);
    expect(findBoxProcesses(first)).toEqual([]);
    expect((await box.exec(['ls', '/root/half'])).exitCode).toBe(1);
    await box.remove({ force: true });
  });

  test('events() tells what any program does, in order, and goes on from a cursor in another program', async () => {
    const seen: RuntimeEvent[] = [];
    const stop = new AbortController();
    const events = runtime.events({}, { signal: stop.signal });
    const watching = (async () => {
      for await (const event of events) if (seen.push(event) === 6) stop.abort();
    })();
    const program = otherProgram(
      home,
      `const box = await runtime.createBox(image); await box.stop(); await runtime.start(box);
       await box.remove({ force: true }); say(box.id);`,
    );
    const id = await program.line();
    await expect(watching).rejects.toMatchObject({ code: 'aborted' });
    expect(seen.map(({ type }) => type)).toEqual(['created', 'started', 'exited', 'started', 'exited', 'removed']);
    expect(new Set(seen.map(({ box }) => box))).toEqual(new Set([id]));
    const exits = seen.flatMap((event) => (event.type === 'exited' ? [event.exit] : []));
    expect(exits).toMatchObject([
      { reason: 'stopped', at: expect.any(Date) },
      { reason: 'killed', at: expect.any(Date) },
    ]);
    const reader = otherProgram(
      home,
      `for await (const event of runtime.events({ box: '${id}', types: ['exited', 'removed'], since: '${seen[2]?.cursor}' })) {
         say(event.type); if (event.type === 'removed') break; }`,
    );
    expect([await reader.line(), await reader.line()]).toEqual(['exited', 'removed']);
    expect(await reader.ended).toEqual({ code: 0, signal: null });
    const foreign = runtime.events({ since: '0123456789ab-1' });
    await expect(foreign[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});
