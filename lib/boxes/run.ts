import { BoxliteError } from '../errors';
import type { BoxLink } from '../exec/command';
import type { CommandDefaults } from '../exec/request';
import { NetworkNotices } from '../network/notices';
import { netdSettings } from '../network/settings';
import type { NetworkSettings } from '../options';
import { boxOwnerEnd } from '../ownership/watch';
import type { ShimConnection } from '../shim/connection';
import { lostExit, readExitRecord } from '../shim/exit-record';
import type { BoxRow } from '../store/schema';
import type { ExitInfo } from '../types';
import { Deadline } from '../util/deadline';
import { commandDefaults } from './defaults';
import { dial } from './dial';
import { boxPaths } from './directory';
import type { Home } from './home';
import { settleRun } from './settle';
import { isLive } from './state';

// How long a call that lost its connection waits for the shim's own word on why.
const explainMs = 5_000;

/** One run of a box as this program sees it: the connection that its calls share, and its end. */
export class BoxRun {
  readonly id: string;
  readonly nonce: string;
  readonly defaults: CommandDefaults;
  readonly #home: Home;
  readonly #row: BoxRow;
  readonly notices: NetworkNotices;
  #connection: Promise<ShimConnection> | undefined;
  #connected: ShimConnection | undefined;
  #exited: Promise<ExitInfo> | undefined;

  /** `shimEnded` settles when the shim that this program spawned has ended; without it the shim is watched by its pid. */
  constructor(home: Home, row: BoxRow, shimEnded?: Promise<unknown>) {
    this.id = row.id;
    this.nonce = row.nonce;
    this.#home = home;
    this.#row = row;
    this.notices = new NetworkNotices(
      (level, text) => home.log(level, text, row.id, 'netd'),
      ({ type, detail }) => home.store.events.add(row.id, type, detail),
    );
    this.defaults = commandDefaults(row);
    if (shimEnded) this.#exited = shimEnded.then(() => this.#watch());
  }

  /** Settles when this run has ended, whatever ended it. */
  get exited(): Promise<ExitInfo> {
    this.#exited ??= this.#watch();
    return this.#exited;
  }

  get isDetached(): boolean {
    return this.#row.detached;
  }

  /** True while a connection stands, which no other run of the box can have. */
  get isConnected(): boolean {
    return this.#connected?.isOpen ?? false;
  }

  /** The link for a command; connects where there is no connection, or none any more. */
  async link(deadline: Deadline): Promise<BoxLink> {
    return {
      id: this.id,
      connection: await this.#open(deadline),
      explainLoss: (cause) => this.explainLoss(cause),
    };
  }

  get options(): BoxRow['options'] {
    return this.#row.options;
  }

  /** Asks the shim; a value that comes after the deadline goes to `undo`. Without a deadline, only over a connection that stands. */
  async request(
    op: string,
    parameters: object,
    deadline?: Deadline,
    undo?: (late: never) => unknown,
  ): Promise<unknown> {
    const connection = deadline ? await this.#open(deadline) : this.#connected;
    if (!connection) throw new BoxliteError('box-died', 'There is no connection to the box', { box: this.id });
    const replied = connection.request(op, parameters);
    if (!deadline) return replied;
    try {
      return await deadline.race(replied);
    } catch (error) {
      if (deadline.signal.aborted && undo) void replied.then((late) => undo(late as never)).catch(() => {});
      throw error;
    }
  }

  /** Writes down the network that the box has from now on. */
  async keepNetwork(network: NetworkSettings): Promise<void> {
    this.#row.options = { ...this.#row.options, network };
    await this.#home.store.boxes.patch(this.id, { options: this.#row.options }, { nonce: this.nonce });
  }

  /** What a call that lost the box rejects with: the box's own end where it ended, else the cause. */
  async explainLoss(cause: BoxliteError): Promise<BoxliteError> {
    if (BoxliteError.is(cause, 'runtime-closed')) return cause;
    using deadline = Deadline.alone(explainMs, 'waiting for the exit record');
    const exit = await deadline.race(this.exited).catch(() => null);
    if (!exit) return cause;
    return endOfBox(this.id, exit);
  }

  close(): void {
    this.#connected?.close();
  }

  async #open(deadline: Deadline): Promise<ShimConnection> {
    if (this.#connected?.isOpen) return this.#connected;
    // Calls that begin together share one attempt; one that fails is not kept.
    this.#connection ??= this.#connect(deadline);
    try {
      this.#connected = await deadline.race(this.#connection);
      return this.#connected;
    } finally {
      this.#connection = undefined;
    }
  }

  async #connect(deadline: Deadline): Promise<ShimConnection> {
    try {
      const connection = await dial(this.#home, this.id, this.nonce, deadline);
      connection.onNotice((notice) => this.notices.take(notice, (reply) => connection.request('verdict', reply)));
      if (netdSettings(this.options) !== null) await deadline.race(connection.request('keep', {}));
      if (this.notices.onDeny) await deadline.race(connection.request('policy', { asks: true }));
      return connection;
    } catch (error) {
      if (!BoxliteError.is(error, 'box-died')) throw error;
      throw await this.explainLoss(error);
    }
  }

  async #watch(): Promise<ExitInfo> {
    for (;;) {
      // A reaper that was disposed says "ended" of a shim that lives: the lock has the last word.
      while (await isLive(this.#home.path, this.id)) await boxOwnerEnd(this.id);
      const exit = await this.#settle();
      if (exit) return exit;
    }
  }

  async #settle(): Promise<ExitInfo | null> {
    try {
      return await settleRun(this.#home, this.#row);
    } catch (error) {
      // A program that has closed its Runtime leaves this to the next one.
      if (!BoxliteError.is(error, 'runtime-closed'))
        this.#home.log('error', `the end of the box could not be written down: ${error}`, this.id);
      return (await readExitRecord(boxPaths(this.#home.path, this.id).exitRecord)) ?? lostExit(new Date());
    }
  }
}

/** The error of a call whose box ended: on request 'box-state', else 'box-died'. */
export function endOfBox(id: string, exit: ExitInfo): BoxliteError {
  const how = { reason: exit.reason, code: exit.code, signal: exit.signal };
  if (exit.reason === 'stopped' || exit.reason === 'killed') {
    return new BoxliteError('box-state', `The box was ${exit.reason} while the call was under way`, {
      box: id,
      cause: how,
    });
  }
  const detail = [exit.code === undefined ? '' : `status ${exit.code}`, exit.signal ?? ''].filter(Boolean).join(', ');
  return new BoxliteError(
    'box-died',
    `The box ended while the call was under way: ${exit.reason}${detail ? ` (${detail})` : ''}`,
    {
      box: id,
      consoleTail: exit.consoleTail,
      hint: 'The last lines of its console are in error.consoleTail; start() boots the same disk again.',
      cause: how,
    },
  );
}
