// A program that lives in a home with others: it creates, runs, stops, starts and removes boxes at random until its stdin ends.
import { writeSync } from 'node:fs';
import { type BoxInfo, BoxliteError, Runtime } from '../../../lib/index';
import { randomOf } from './choose';
import type { ResidentOrder } from './order';

const order = JSON.parse(process.argv[2] ?? '{}') as ResidentOrder;
const random = randomOf(order.seed);
const runtime = new Runtime({ home: order.home, engine: order.engine });
// What another program's stop, start or removal of the same box may do to a call of ours.
const fair = ['box-not-found', 'box-state', 'box-busy', 'box-died', 'box-replaced', 'boot-failed'];
let over = false;

function say(fact: object): void {
  writeSync(1, `${JSON.stringify(fact)}\n`);
}

async function create(): Promise<void> {
  const box = await runtime.createBox({ image: { layout: order.layout }, memoryMiB: 128 });
  say({ made: box.id });
}

async function run(box: BoxInfo): Promise<void> {
  const word = String(random());
  const { stdout, exitCode, signal } = await runtime.exec(box.id, ['echo', word]);
  // A stop by another program, which commands may end on in time.
  if (signal === 'SIGTERM') return say({ refused: 'a stop' });
  if (exitCode !== 0 || stdout !== `${word}\n`) throw new Error(`echo gave ${exitCode} ${JSON.stringify(stdout)}`);
  say({ ran: box.id });
}

async function stop(box: BoxInfo): Promise<void> {
  await runtime.stop(box.id, { graceMs: 1000 });
  say({ stopped: box.id });
}

async function start(box: BoxInfo): Promise<void> {
  await runtime.start(box.id);
  say({ started: box.id });
}

async function remove(box: BoxInfo): Promise<void> {
  // Before it: this program may be killed on the way.
  say({ removing: box.id });
  await runtime.remove(box.id, { force: true });
}

async function boxes(): Promise<BoxInfo[]> {
  const found: BoxInfo[] = [];
  for await (const box of runtime.listBoxes()) found.push(box);
  return found;
}

function pick<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(random() * list.length)];
}

/** One thing at random, on any box of the home, whoever made it. */
async function act(): Promise<void> {
  const there = await boxes();
  const box = pick(there);
  const create_ = there.length < order.most && (box === undefined || random() < 0.3);
  if (create_ || box === undefined) return create();
  if (box.state === 'running') return (pick([run, run, run, stop, remove]) ?? run)(box);
  return (pick([start, start, remove]) ?? start)(box);
}

async function live(): Promise<void> {
  while (!over) {
    await act().catch((error: unknown) => {
      const { code, message } = error as BoxliteError;
      say(BoxliteError.is(error) && fair.includes(code) ? { refused: code } : { broke: `${code}: ${message}` });
    });
  }
  await runtime.close();
}

process.stdin.resume().once('end', () => {
  over = true;
});
live().then(
  () => say({ ended: 'well' }),
  (error: unknown) => say({ broke: String(error) }),
);
