import { BoxliteError } from '../errors';
import type { CheckedRef, CheckedRuntimeOptions } from '../options';
import { lostExit } from '../shim/exit-record';
import type { BoxRow } from '../store/schema';
import type { ExitInfo } from '../types';
import { Deadline } from '../util/deadline';
import { holdLoop } from '../util/hold';
import { Home } from './home';
import { trueRow } from './recover/box';
import { recoverHome } from './recover/home';
import { requireRow } from './resolve';
import { BoxRun } from './run';
import { cleanupMs } from './state';
import { type StopSettings, stopBox } from './stop';

const stopGraceMs = 10_000;

/** What one Runtime has open: its home, the runs that it talks to, and those that are its own to stop. */
export class Boxes {
  readonly settings: CheckedRuntimeOptions;
  readonly #runs = new Map<string, BoxRun>();
  readonly #own = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();
  #home: Promise<Home> | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: CheckedRuntimeOptions) {
    this.settings = settings;
  }

  /** Opens the home at the first use and makes it true again; a failed opening is tried anew by the next call. */
  home(): Promise<Home> {
    this.#home ??= openHome(this.settings).catch((error: unknown) => {
      this.#home = undefined;
      throw error;
    });
    return this.#home;
  }

  requireOpen(): void {
    if (!this.#closing) return;
    throw new BoxliteError('runtime-closed', 'This Runtime was closed', { hint: 'Make a new one.' });
  }

  /** Keeps the program alive while a call is under way, and lets close() wait for it. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await holdLoop(work);
    } finally {
      this.#underWay.delete(work);
    }
  }

  /** A run that this Runtime booted, to be stopped when it closes unless it is detached. */
  own(run: BoxRun): void {
    this.#runs.get(run.id)?.close();
    this.#runs.set(run.id, run);
    if (!run.isDetached) this.#own.add(run.id);
    void run.exited.then(() => this.#forget(run));
  }

  /** The run that the row tells of, as this Runtime knows it. */
  run(home: Home, row: BoxRow): BoxRun {
    const known = this.#runs.get(row.id);
    if (known?.nonce === row.nonce) return known;
    known?.close();
    const run = new BoxRun(home, row);
    this.#runs.set(row.id, run);
    return run;
  }

  async require(ref: CheckedRef): Promise<BoxRow> {
    const home = await this.home();
    const row = await trueRow(home, await requireRow(home, ref));
    return row ?? requireRow(home, ref);
  }

  /** The run of a box that is running; 'box-state' for one that is not. */
  async liveRun(ref: CheckedRef): Promise<BoxRun> {
    const known = ref.kind === 'handle' ? this.#runs.get(ref.id) : undefined;
    if (known?.isConnected) return known;
    const home = await this.home();
    const row = await this.require(ref);
    if (row.state === 'running') return this.run(home, row);
    const hint =
      row.state === 'stopped' || row.state === 'failed' ? 'start() boots it again on its own disk.' : undefined;
    throw new BoxliteError('box-state', `The box is ${row.state}, so no command can run in it`, { box: row.id, hint });
  }

  /** Ends the box's run; of one that has ended, how it did. */
  async stop(ref: CheckedRef, settings: StopSettings, deadline: Deadline): Promise<ExitInfo> {
    const home = await this.home();
    const seen = await requireRow(home, ref);
    const found = await trueRow(home, seen);
    // Somebody's stop took it away while it was looked at.
    if (!found && seen.autoRemove) return (await home.store.events.lastExit(seen.id)) ?? lastExit(seen);
    const row = found ?? (await requireRow(home, ref));
    if (row.state === 'stopped' || row.state === 'failed') return lastExit(row);
    return stopBox(home, row, this.run(home, row), settings, deadline);
  }

  /** Idempotent; with 'leave' the boxes go on until their lifeline closes with this program. */
  close(boxes: 'stop' | 'leave', deadline: Deadline): Promise<void> {
    this.#closing ??= this.#close(boxes);
    return deadline.race(holdLoop(this.#closing));
  }

  async #close(boxes: 'stop' | 'leave'): Promise<void> {
    await Promise.allSettled(this.#underWay);
    const home = await this.#home?.catch(() => undefined);
    if (!home) return;
    if (boxes === 'stop') await Promise.all([...this.#own].map((id) => this.#stop(home, id)));
    for (const run of this.#runs.values()) run.close();
    await home.close();
  }

  async #stop(home: Home, id: string): Promise<void> {
    const row = await home.store.boxes.get(id);
    if (row?.state !== 'running' && row?.state !== 'stopping') return;
    using deadline = Deadline.alone(stopGraceMs + cleanupMs * 3, 'close');
    await stopBox(home, row, this.run(home, row), { graceMs: stopGraceMs, force: false }, deadline);
  }

  #forget(run: BoxRun): void {
    if (this.#runs.get(run.id) !== run) return;
    this.#runs.delete(run.id);
    this.#own.delete(run.id);
  }
}

async function openHome(settings: CheckedRuntimeOptions): Promise<Home> {
  const home = await Home.open(settings);
  await recoverHome(home);
  return home;
}

/** How a stopped box ended, as its row tells. */
function lastExit(row: BoxRow): ExitInfo {
  return row.exit ?? lostExit(new Date(row.startedAt ?? row.createdAt));
}
