// A program that drives one box and stops at a named step until it is told to go on. It is killed by the tests.
import { readSync, writeSync } from 'node:fs';
import { createBox } from '../../../lib/boxes/create';
import { Home } from '../../../lib/boxes/home';
import { removeBox } from '../../../lib/boxes/remove';
import { requireRow } from '../../../lib/boxes/resolve';
import type { BoxRun } from '../../../lib/boxes/run';
import { startBox } from '../../../lib/boxes/start';
import { stopBox } from '../../../lib/boxes/stop';
import type { BoxliteError } from '../../../lib/errors';
import { exec } from '../../../lib/exec/exec';
import { checkBoxOptions } from '../../../lib/options';
import { checkExec } from '../../../lib/options/exec';
import type { BoxRow } from '../../../lib/store/schema';
import { Deadline } from '../../../lib/util/deadline';
import { holdLoop } from '../../../lib/util/hold';
import type { StepHooks } from '../../../lib/util/steps';
import type { Order } from './order';

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const endless = Deadline.of({}, 'the test');

/** One fact for whoever started this program, a line each. */
function say(fact: object): void {
  writeSync(1, `${JSON.stringify(fact)}\n`);
}

/** The whole program stands still, as one that is about to be killed there. */
function waitForGo(): void {
  readSync(0, Buffer.alloc(1));
}

function hooksOf(doing: Order['does']): StepHooks {
  if (doing !== order.does) return {};
  return {
    before(step) {
      if (step !== order.step) return;
      say({ at: step });
      waitForGo();
    },
  };
}

const detachment = order.detached ? { detached: true } : {};
const network = order.port ? { network: 'public', ports: [{ guest: 80, host: order.port }] } : {};

async function run(): Promise<void> {
  const home = await Home.open({ home: order.home, engine: order.engine, logger: ({ text }) => console.error(text) });
  const options = { image: { layout: order.layout }, name: order.name, memoryMiB: 128, ...detachment, ...network };
  const created = await createBox(home, checkBoxOptions(options), endless, undefined, hooksOf('create'));
  say({ made: created.row.id });
  await act(home, created);
}

async function act(home: Home, { row, run }: { row: BoxRow; run: BoxRun }): Promise<unknown> {
  switch (order.does) {
    case 'exec':
      return command(run);
    case 'stop':
      if (order.command) await begun(run);
      return stop(home, row, run, hooksOf('stop'));
    case 'start':
      await stop(home, row, run);
      say({ stopped: row.id });
      return startBox(home, row.id, endless, hooksOf('start'));
    case 'remove':
      return removeBox(home, row, true, endless, hooksOf('remove'));
    default:
      return undefined;
  }
}

async function stop(home: Home, row: BoxRow, run: BoxRun, hooks: StepHooks = {}): Promise<unknown> {
  const current = await requireRow(home, { kind: 'text', text: row.id });
  const exit = await stopBox(home, current, run, { graceMs: order.graceMs ?? 10_000, force: false }, endless, hooks);
  say({ exit: exit.reason });
  return exit;
}

/** Runs the order's command to its end; each line of its output is a fact. */
async function command(run: BoxRun, onOutput: () => void = () => {}): Promise<unknown> {
  const onStdout = (chunk: Uint8Array) => {
    for (const line of new TextDecoder().decode(chunk).trim().split('\n')) say({ said: line });
    onOutput();
  };
  const checked = checkExec(order.command ?? '', { onStdout });
  return exec(await run.link(endless), checked, run.defaults, endless);
}

/** Begins the order's command and leaves it running. */
function begun(run: BoxRun): Promise<void> {
  return new Promise((resolve, reject) => {
    command(run, resolve).catch(reject);
  });
}

function failure(error: unknown): object {
  const { code, message, hint } = error as BoxliteError;
  return { code, message, hint };
}

// As a Runtime does for each of its calls.
holdLoop(run())
  .then(
    () => say({ ended: 'well' }),
    (error: unknown) => say({ ended: 'badly', ...failure(error) }),
  )
  // It stays until its stdin ends, as a program that has more to do.
  .then(() => process.stdin.resume().once('end', () => process.exit(0)));
