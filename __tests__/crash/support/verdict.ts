import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { boxPaths } from '../../../lib/boxes/directory';
import { type BoxInfo, Runtime } from '../../../lib/index';
import { native } from '../../../lib/native/load';
import { busyboxImage } from '../../helpers/images';
import { findLeftovers, linksOf, processesOf, trashOf } from '../../helpers/leftovers';
import { engine } from '../../helpers/runtimes';
import { scaled } from '../../helpers/speed';
import { until } from '../../native/support';
import { boxIds, type HostPart, pidOf } from './kill';
import type { Cell } from './points';
import type { Program } from './program';
import { stateFits, type Truth } from './truth';

// The promise: this long after the kill, nothing of the box runs.
const promisedMs = 5_000;
const limit = { timeoutMs: scaled(30_000) };

/** What is not as it must be after the kill; an empty list is what is asked for. */
export async function verdict(
  home: string,
  client: Program,
  truth: Truth,
  { point }: Cell,
  killedAt: number,
): Promise<string[]> {
  const wrong: string[] = [];
  if (client.isAlive) wrong.push(...(await clientTruth(client, truth)));
  if (await isRunning(home, truth)) wrong.push(...(await livesOn(home)));
  else wrong.push(...(await endsAt(home, client, killedAt, truth, point.does === 'exec')));
  await client.end();
  wrong.push(
    ...findLeftovers(home),
    ...(await lookAt(home)).map(({ name, state }) => `${name} is ${state} at the end`),
  );
  return wrong.length === 0 ? wrong : [...wrong, `the client: ${JSON.stringify(client.facts)} ${client.complaints}`];
}

/** What the client was told is what happened. */
async function clientTruth(client: Program, truth: Truth): Promise<string[]> {
  if (truth.client === undefined) return [];
  const { ended, code } = await client.tells('its end', (fact) => fact.ended !== undefined, scaled(promisedMs * 2));
  const told = ended === 'well' ? 'well' : code;
  return truth.client.some((word) => word === told)
    ? []
    : [`the client's call ended with ${told}, not ${truth.client}`];
}

/** Whether it is one of those boxes that go on: once it answers, every program that comes finds it. */
async function isRunning(home: string, { states }: Truth): Promise<boolean> {
  if (!states.includes('running')) return false;
  const deadline = performance.now() + scaled(promisedMs * 4);
  for (;;) {
    const [box] = await lookAt(home);
    if (box?.state === 'running') return true;
    if (states.some((state) => state === box?.state) || performance.now() > deadline) return false;
  }
}

/** It is used and removed by a program that did not make it. */
async function livesOn(home: string): Promise<string[]> {
  await using runtime = new Runtime({ home, engine });
  const { stdout } = await runtime.exec('crashed', ['echo', 'alive'], limit);
  const shims = countOf(home, 'shim');
  const [box] = await lookAt(home);
  const netds = box && box.ports.length > 0 ? 1 : 0;
  await until(`it has ${netds} network processes`, () => countOf(home, 'netd') === netds, scaled(promisedMs));
  const removed = await runtime.remove('crashed', { force: true, ...limit });
  return stdout === 'alive\n' && shims === 1 && removed ? [] : [`said ${stdout}, ${shims} shims, removed: ${removed}`];
}

function countOf(home: string, part: HostPart): number {
  return boxIds(home).filter((id) => pidOf(id, part) !== undefined).length;
}

async function endsAt(home: string, client: Program, killedAt: number, truth: Truth, remove: boolean) {
  if (truth.needsLook) await lookAt(home);
  const running = await runsOn(home, client, killedAt);
  const boxes = await lookAt(home);
  return [
    ...running,
    ...(await rowTruth(home, boxes, truth)),
    ...(await remains(home, boxes)),
    ...(await next(home, boxes[0], remove)),
  ];
}

/** By itself, without any program that looks: the kernel and the shim end what must end. */
async function runsOn(home: string, client: Program, killedAt: number): Promise<string[]> {
  const others = () => processesOf(home).filter((line) => !line.startsWith(`process ${client.pid} `));
  const leftMs = scaled(promisedMs) - (performance.now() - killedAt);
  const ended = until('the processes end', () => others().length === 0, Math.max(1, leftMs));
  return ended.then(
    () => [],
    () => others().map((line) => `${line} ${scaled(promisedMs)} ms after the kill`),
  );
}

/** All boxes of a home, as a program sees them that comes to it afresh. */
export async function lookAt(home: string): Promise<BoxInfo[]> {
  await using runtime = new Runtime({ home, engine });
  const boxes: BoxInfo[] = [];
  for await (const box of runtime.listBoxes()) boxes.push(box);
  return boxes;
}

async function rowTruth(home: string, [box, more]: BoxInfo[], { states, reasons }: Truth): Promise<string[]> {
  if (more) return ['there is more than one row'];
  if (!box) return states.includes('gone') ? [] : [`the row is gone, not ${states}`];
  const reason = box.exit?.reason;
  if (!states.includes(box.state)) return [`the row says ${box.state} (${reason}), not ${states}`];
  if (!reasons.some((one) => one === reason)) return [`the row says ${reason}, not ${reasons}`];
  if (!stateFits(box.state, reason)) return [`the row says ${box.state} after ${reason}`];
  const record = await readFile(boxPaths(home, box.id).exitRecord, 'utf8').catch(() => null);
  const recorded = record === null ? reason : (JSON.parse(record) as { reason: string }).reason;
  return recorded === reason || reason === 'stopped' ? [] : [`the row says ${reason}, the shim's record ${recorded}`];
}

/** Links, locks, half-removed directories. */
async function remains(home: string, boxes: BoxInfo[]): Promise<string[]> {
  const orphans = boxIds(home).filter((id) => !boxes.some((box) => box.id === id));
  const locked = await Promise.all(boxes.map(({ id }) => locksOf(home, id)));
  return [
    ...linksOf(home),
    ...trashOf(home),
    ...orphans.map((id) => `boxes/${id} has no row`),
    ...boxes.filter(({ id }) => !existsSync(join(home, 'boxes', id))).map(({ id }) => `the box ${id} has no directory`),
    ...locked.flat(),
  ];
}

async function locksOf(home: string, id: string): Promise<string[]> {
  const { lock, transition } = boxPaths(home, id);
  const held: string[] = [];
  for (const path of [lock, transition]) {
    // A client that lives may be writing down what it saw.
    const isFree = until(`${path} is not locked`, async () => !(await isHeld(path)), scaled(promisedMs));
    await isFree.catch((error: Error) => held.push(error.message));
  }
  return held;
}

async function isHeld(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  try {
    return file !== null && native().lockHeld(file.fd);
  } finally {
    await file?.close();
  }
}

/** The next create, start or remove succeeds. */
async function next(home: string, box: BoxInfo | undefined, remove: boolean): Promise<string[]> {
  await using runtime = new Runtime({ home, engine });
  try {
    if (box && remove) await runtime.remove(box, limit);
    const again = box && !remove ? await runtime.start(box, limit) : await create(runtime);
    const { stdout } = await again.exec(['echo', 'again'], limit);
    await again.remove({ force: true, ...limit });
    return stdout === 'again\n' ? [] : [`the next command printed ${JSON.stringify(stdout)}`];
  } catch (error) {
    return [`the next ${box ? (remove ? 'remove and create' : 'start') : 'create'} failed: ${error}`];
  }
}

/** Under the name that the box had: it is free again. */
function create(runtime: Runtime) {
  return runtime.createBox({ image: { layout: busyboxImage() }, name: 'crashed', memoryMiB: 128 }, limit);
}
