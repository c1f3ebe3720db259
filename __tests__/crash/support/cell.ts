import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoxSockets, killBoxTree } from '../../../lib/ownership/index';
import { Deadline } from '../../../lib/util/deadline';
import { linkNatives, putAgentDisk } from '../../helpers/agent-disk';
import { freePort, isFree } from '../../helpers/free-port';
import { tempHome } from '../../helpers/homes';
import { busyboxImage } from '../../helpers/images';
import { engine } from '../../helpers/runtimes';
import { scaled } from '../../helpers/speed';
import { until } from '../../native/support';
import { boxIds, isPending, killAgent, killAgentCommand, killPart, pidOf } from './kill';
import type { Order } from './order';
import { type Cell, isClient, type Part, type Point } from './points';
import { Program } from './program';
import { truthAfter } from './truth';
import { verdict } from './verdict';

// Points within a step at which the client goes on by itself until the part is met.
const long = ['create within shim', 'start within shim', 'remove within directory'];
// As long as a guest that is asked to stop holds it up.
const graceMs = scaled(1_500);
// What hangs must not hold up the cells behind it.
const cellMs = scaled(90_000);

/** One cell: kills that part at that point, and says what is not as it must be; nothing is right. */
export async function runCell(cell: Cell): Promise<string[]> {
  const home = tempHome();
  const natives = mkdtempSync(join(tmpdir(), 'boxlite-natives-'));
  linkNatives(natives);
  const port = cell.part === 'netd' ? await freePort() : undefined;
  const client = new Program('client', orderFor(cell, home, port), { BOXLITE_NATIVE_DIR: natives });
  using limit = Deadline.alone(cellMs, 'this cell of the matrix');
  try {
    return await limit.race(killAndLook(cell, client, { home, natives, port }));
  } catch (error) {
    return [String(error)];
  } finally {
    await client.kill();
    await clear(home);
    rmSync(natives, { recursive: true, force: true });
  }
}

/** Pass or fail: what a broken cell leaves is its own, and not of the next ones. */
async function clear(home: string): Promise<void> {
  for (const id of boxIds(home)) {
    await killBoxTree(id, { timeoutMs: scaled(10_000) });
    await new BoxSockets(home, id).remove();
  }
  rmSync(home, { recursive: true, force: true });
}

interface Places {
  home: string;
  natives: string;
  port: number | undefined;
}

async function killAndLook(cell: Cell, client: Program, places: Places): Promise<string[]> {
  await reach(cell, client, places);
  const wrong = await verdict(places.home, client, truthAfter(cell), cell, performance.now());
  return (await isFree(places.port)) ? wrong : [...wrong, `somebody listens on ${places.port}`];
}

/** Drives the client to the point and kills the part there. */
async function reach(cell: Cell, client: Program, places: Places): Promise<void> {
  const { part, point } = cell;
  const at = `${point.does} ${point.moment} ${point.step}`;
  if (isClock(point)) return killAtTerminate(part, client, places.home);
  if (point.does === 'run') await client.tells('that it made a box', ({ made }) => made !== undefined);
  else if (point.does === 'exec') await client.tells('that its command runs', ({ said }) => said === 'up');
  else if (at === 'stop within end') await client.tells('that its command was told', ({ said }) => said === 'told');
  else await client.tells(`that it stands before ${point.step}`, ({ at }) => at === point.step);
  if (long.includes(at)) await killWithin(part, client, places, at);
  else await killNow(part, client, places.home, at);
  if (!isClient(part) && point.moment === 'before') client.go();
}

async function killNow(part: Part, client: Program, home: string, at: string): Promise<void> {
  if (isClient(part)) return client.kill();
  if (part !== 'agent') return killPart(home, part);
  // While it ends its commands it takes no new one: the one that it tells to end kills it.
  if (!at.startsWith('stop') || !at.endsWith(' end')) await killAgent(home);
}

async function killWithin(part: Part, client: Program, { home, natives }: Places, at: string) {
  if (at === 'remove within directory') return killInRemoval(client, home);
  if (part === 'agent') putAgentDisk(natives, 'echo this agent dies; exit 1');
  client.go();
  if (part === 'agent') return;
  if (!isClient(part)) return killPart(home, part);
  await until(
    'there is a machine',
    () => boxIds(home).some((id) => pidOf(id, 'machine') !== undefined),
    scaled(30_000),
  );
  await client.kill();
}

/** A directory with much in it takes long enough to be removed for its removal to be met. */
async function killInRemoval(client: Program, home: string): Promise<void> {
  const [id = ''] = boxIds(home);
  const many = join(home, 'boxes', id, 'many');
  mkdirSync(many);
  for (let file = 0; file < 5_000; file++) writeFileSync(join(many, String(file)), '');
  client.go();
  const trash = join(home, 'trash');
  const endsAt = performance.now() + scaled(10_000);
  while (!(existsSync(trash) && readdirSync(trash).length > 0)) {
    if (performance.now() > endsAt) throw new Error('The removal was not met');
  }
  await client.kill();
  if (readdirSync(trash).length === 0) throw new Error('The removal was over before its client was killed');
}

/** A machine that does not act: the shim's clock runs out, and its SIGTERM stays pending until SIGKILL follows. */
async function killAtTerminate(part: Part, client: Program, home: string): Promise<void> {
  await client.tells('that it stands before ask', ({ at }) => at === 'ask');
  const [id = ''] = boxIds(home);
  const machine = pidOf(id, 'machine') ?? 0;
  process.kill(machine, 'SIGSTOP');
  client.go();
  await until('the machine is sent SIGTERM', () => isPending(machine, constants.signals.SIGTERM), scaled(30_000));
  await killNow(part, client, home, 'stop within clock');
}

function isClock({ step = '' }: Point): boolean {
  return step.startsWith('clock');
}

function orderFor({ part, point }: Cell, home: string, port: number | undefined): Order {
  const detached = part === 'detached';
  const order = {
    home,
    engine,
    layout: busyboxImage(),
    name: 'crashed',
    does: point.does,
    detached,
    ...(port && { port }),
  };
  if (point.does === 'exec') return { ...order, command: 'echo up; exec sleep 1000' };
  if (point.does !== 'stop') return point.step === undefined ? order : { ...order, step: point.step };
  if (point.step !== 'end') return { ...order, step: isClock(point) ? 'ask' : (point.step ?? ''), graceMs: 0 };
  const told = part === 'agent' ? `echo told; ${killAgentCommand}` : 'echo told';
  const command = `trap '${told}' TERM; echo up; while :; do sleep 0.1; done`;
  return { ...order, graceMs, command, ...(point.moment === 'before' ? { step: 'end' } : {}) };
}
