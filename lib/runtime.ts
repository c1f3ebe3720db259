import { Box } from './box';
import { createBox } from './boxes/create';
import { eventsOf } from './boxes/events';
import { getOrCreate } from './boxes/get-or-create';
import { HomeImages } from './boxes/home-images';
import { Boxes } from './boxes/open-boxes';
import { prune } from './boxes/prune/prune';
import { isAtRest, trueRow, trueRowOf } from './boxes/recover/box';
import { removeBox } from './boxes/remove';
import { findRow, requireRow } from './boxes/resolve';
import { boxInfo } from './boxes/row';
import type { BoxRun } from './boxes/run';
import { startBox } from './boxes/start';
import { doctor } from './doctor/doctor';
import { BoxliteError } from './errors';
import type { BoxReach } from './exec/access';
import type { BoxLink } from './exec/command';
import { exec } from './exec/exec';
import type { CommandDefaults } from './exec/request';
import { execTimeout } from './exec/session';
import { spawn } from './exec/spawn';
import type { Connect } from './files/request';
import { BoxNetwork } from './network/box-network';
import * as check from './options';
import type { BoxRow } from './store/schema';
import type {
  BoxInfo,
  BoxOptions,
  BoxRef,
  BoxState,
  Call,
  Command,
  DoctorReport,
  ExecOptions,
  ExecResult,
  ExitInfo,
  Images,
  Process,
  Progress,
  RuntimeEvent,
  RuntimeOptions,
  SpawnOptions,
  StopOptions,
} from './types';
import { Deadline } from './util/deadline';

/** Makes and runs boxes. Several Runtimes, in several processes, may share a home. */
export class Runtime implements AsyncDisposable {
  readonly #boxes: Boxes;

  /** Does no I/O; the home is opened by the first call. Throws 'invalid-argument'. */
  constructor(options: RuntimeOptions = {}) {
    this.#boxes = new Boxes(check.checkRuntimeOptions(options));
  }

  /** Resolves once a command can run in the box. On any failure, or abort, nothing is left behind. */
  async createBox(options: BoxOptions, call: Call & { onProgress?: (p: Progress) => void } = {}): Promise<Box> {
    const checked = check.checkBoxOptions(options);
    const { onProgress, ...limits } = check.checkCreateCall(call);
    return this.#call(limits, 'createBox', async (deadline) => {
      const home = await this.#boxes.home();
      const { row, run } = await createBox(home, checked, deadline, onProgress);
      this.#boxes.own(run);
      return this.#handle(row, run);
    });
  }

  /** The running or restarted box of that name, else a new one; onCreate runs exactly once per created box. */
  async getOrCreateBox(
    options: BoxOptions & { name: string; onCreate?: (box: Box, call: Call) => Promise<void> },
    call: Call = {},
  ): Promise<Box> {
    const { box, onCreate } = check.checkGetOrCreate(options);
    return this.#call(check.checkCall(call, 'getOrCreateBox'), 'getOrCreateBox', async (deadline) => {
      const home = await this.#boxes.home();
      const prepare = onCreate as typeof options.onCreate;
      const { row, run } = await getOrCreate(home, box, deadline, {
        join: (found) => this.#boxes.run(home, found),
        own: (booted) => this.#boxes.own(booted),
        prepare: prepare && (({ row, run }) => prepare(this.#handle(row, run), { signal: deadline.signal })),
      });
      return this.#handle(row, run);
    });
  }

  /** The box of that id or name, or null. */
  async getBox(ref: string, call: Call = {}): Promise<Box | null> {
    const checked = check.checkRef(ref, 'ref');
    return this.#call(check.checkCall(call, 'getBox'), 'getBox', async () => {
      const home = await this.#boxes.home();
      const found = await findRow(home, checked);
      const row = found && (await trueRow(home, found));
      return row && this.#handle(row, this.#boxes.run(home, row));
    });
  }

  /** Every box of the home, oldest first. */
  async *listBoxes(
    filter: { labels?: Record<string, string>; state?: BoxState } = {},
    call: Call = {},
  ): AsyncGenerator<BoxInfo> {
    const { labels, state } = check.checkListFilter(filter);
    using deadline = Deadline.of(check.checkCall(call, 'listBoxes'), 'listBoxes');
    const home = await this.#boxes.home();
    // Filtered after settling, since a row may turn out to be in another state than it says.
    for await (const listed of home.store.boxes.list({ labels })) {
      deadline.throwIfOver();
      const row = isAtRest(listed) ? listed : await trueRowOf(home, listed.id);
      if (row && (state === undefined || row.state === state)) yield boxInfo(home.path, row);
    }
  }

  /** Boots a stopped box again on its own disk. */
  async start(box: BoxRef, call: Call = {}): Promise<Box> {
    const ref = check.checkRef(box);
    return this.#call(check.checkCall(call, 'start'), 'start', async (deadline) => {
      const home = await this.#boxes.home();
      const row = await this.#boxes.require(ref);
      const started = await startBox(home, row.id, deadline);
      if (started) this.#boxes.own(started.run);
      const current = started?.row ?? (await requireRow(home, ref));
      return this.#handle(current, started?.run ?? this.#boxes.run(home, current));
    });
  }

  /** Runs a command to its end. A non-zero exit resolves; `check: true` makes it reject with 'exec-failed'. */
  async exec(box: BoxRef, command: Command, options: ExecOptions = {}): Promise<ExecResult> {
    const checked = check.checkExec(command, options);
    using deadline = Deadline.of(checked, 'The command');
    const { link, defaults } = await this.#connect(box, deadline);
    return await exec(link, checked, defaults, deadline);
  }

  /** Starts a command and resolves once it runs. */
  async spawn(box: BoxRef, command: Command, options: SpawnOptions = {}): Promise<Process> {
    const checked = check.checkSpawn(command, options);
    // It bounds the life of the process, so it ends with that.
    const deadline = Deadline.of(checked, 'The command');
    try {
      const { link, defaults } = await this.#connect(box, deadline);
      return await spawn(link, checked, defaults, deadline);
    } catch (error) {
      deadline[Symbol.dispose]();
      throw error;
    }
  }

  /** Idempotent: stopping a stopped box returns its exit again. */
  async stop(box: BoxRef, options: StopOptions = {}): Promise<ExitInfo> {
    const ref = check.checkRef(box);
    const { graceMs, force, ...limits } = check.checkStop(options);
    return this.#call(limits, 'stop', (deadline) => this.#boxes.stop(ref, { graceMs, force }, deadline));
  }

  /** Idempotent: false when there was nothing to remove. A running box needs `force`. */
  async remove(box: BoxRef, options: Call & { force?: boolean } = {}): Promise<boolean> {
    const ref = check.checkRef(box);
    const { force, ...limits } = check.checkRemove(options);
    return this.#call(limits, 'remove', async (deadline) => {
      const home = await this.#boxes.home();
      const found = await findRow(home, ref);
      const row = found && (await trueRow(home, found));
      return row ? removeBox(home, row, force, deadline) : false;
    });
  }

  /** Images of registries and files, kept in the home. */
  get images(): Images {
    return new HomeImages(
      () => this.#boxes.home(),
      (call, what, work) => this.#call(call, what, work),
    );
  }

  /**
   * What happens to the boxes of the home, whichever program makes it happen: from now on, or from behind the event whose
   * cursor is `since`, as far as that is kept (10,000 events). A cursor is good for ever, also in another program.
   */
  events(
    filter: { box?: BoxRef; types?: RuntimeEvent['type'][]; since?: string } = {},
    call: Call = {},
  ): AsyncIterable<RuntimeEvent> {
    const checked = check.checkEventFilter(filter);
    const limits = check.checkCall(call, 'events');
    this.#boxes.requireOpen();
    return eventsOf(this.#boxes.home(), checked, limits);
  }

  /** What this machine can and cannot do, each finding with its repair. Starts nothing. */
  async doctor(call: Call = {}): Promise<DoctorReport> {
    return this.#call(check.checkCall(call, 'doctor'), 'doctor', () => doctor(this.#boxes));
  }

  /** Ends and deletes what belongs to no box any more: processes, directories, links, cgroups, and images but for maxDiskMiB of them. */
  async prune(
    options: Call & { dryRun?: boolean; maxDiskMiB?: number } = {},
  ): Promise<{ freedBytes: number; items: string[] }> {
    const { dryRun, maxDiskMiB, ...limits } = check.checkPrune(options);
    const settings = { dryRun, ...(maxDiskMiB === undefined ? {} : { maxDiskMiB }) };
    return this.#call(limits, 'prune', async (deadline) => prune(await this.#boxes.home(), settings, deadline));
  }

  /** 'stop' (default) stops every box that this Runtime created and that is not detached. */
  async close(options: Call & { boxes?: 'stop' | 'leave' } = {}): Promise<void> {
    const { boxes, ...limits } = check.checkClose(options);
    using deadline = Deadline.of(limits, 'close');
    await this.#boxes.close(boxes, deadline);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #handle(row: BoxRow, run: BoxRun): Box {
    const info = async (call: Call = {}) =>
      this.#call(check.checkCall(call, 'info'), 'info', async () => {
        const home = await this.#boxes.home();
        return boxInfo(home.path, await this.#boxes.require({ kind: 'handle', id: row.id, name: row.name }));
      });
    const connect: Connect = (deadline) => this.#link({ id: row.id, name: row.name }, deadline);
    const ref = { kind: 'handle', id: row.id, name: row.name } as const;
    const reach: BoxReach = {
      live: (call, what, work) =>
        this.#call(call, what, async (deadline) => {
          const live = await this.#boxes.liveRun(ref);
          return work(await live.link(deadline), deadline, live.defaults);
        }),
      place: async () => ({ home: await this.#boxes.home(), row: await this.#boxes.require(ref) }),
    };
    const network = new BoxNetwork((call, what, work) =>
      this.#call(call, what, async (deadline) => {
        return work(await this.#boxes.liveRun(ref), deadline);
      }),
    );
    return new Box(this, row, run, { info, connect, reach, network });
  }

  /** One deadline for the whole call, handed down; work that is cut off has ended when the call rejects. */
  async #call<T>(call: Call, what: string, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    using deadline = Deadline.of(call, what);
    deadline.throwIfOver();
    this.#boxes.requireOpen();
    return await this.#boxes.track(work(deadline));
  }

  async #link(box: BoxRef, deadline: Deadline): Promise<{ link: BoxLink; defaults: CommandDefaults }> {
    const ref = check.checkRef(box);
    this.#boxes.requireOpen();
    deadline.throwIfOver();
    const run = await this.#boxes.liveRun(ref);
    return { link: await run.link(deadline), defaults: run.defaults };
  }

  async #connect(box: BoxRef, deadline: Deadline): Promise<{ link: BoxLink; defaults: CommandDefaults }> {
    try {
      return await this.#link(box, deadline);
    } catch (error) {
      throw BoxliteError.is(error, 'timeout') ? execTimeout(error) : error;
    }
  }
}
