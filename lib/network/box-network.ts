import type { BoxRun } from '../boxes/run';
import { BoxliteError } from '../errors';
import { type CheckedPort, checkForward, checkSetNetwork } from '../options';
import type { Call, Forward, NetworkPolicy } from '../types';
import type { Deadline } from '../util/deadline';
import { explainPorts } from './holder';
import { netdSettings } from './settings';

/** Runs a call on the live run of the box, within the caller's limits. */
export type OnRun = <T>(call: Call, what: string, work: (run: BoxRun, deadline: Deadline) => Promise<T>) => Promise<T>;

/** The network of one box, as its handle offers it. */
export class BoxNetwork {
  readonly #onRun: OnRun;

  constructor(onRun: OnRun) {
    this.#onRun = onRun;
  }

  /** Takes effect at once, and for the next starts of the box. */
  async set(policy: NetworkPolicy, options: Call = {}): Promise<void> {
    const { network, call } = checkSetNetwork(policy, options);
    await this.#onRun(call, 'setNetwork', async (run, deadline) => {
      const hasDevice = netdSettings(run.options) !== null;
      if (!hasDevice && network.policy.mode === 'none') return;
      const { onDeny, ...settings } = network;
      run.notices.onDeny = onDeny;
      const request = { ...settings, asks: onDeny !== undefined };
      await run.request('policy', request, deadline).catch((error) => Promise.reject(withHint(error, run.id)));
      await run.keepNetwork(settings);
    });
  }

  /** Opens a port of the host toward the guest; it closes with the returned object, or with this program. */
  async forward(port: number, options: Call & { host?: number; bind?: string } = {}): Promise<Forward> {
    const { port: wanted, call } = checkForward(port, options);
    return this.#onRun(call, 'forward', async (run, deadline) => {
      const opened = run.request('forward', { port: wanted }, deadline, ({ id }) => run.request('unforward', { id }));
      const value = await opened.catch(async (error) => {
        throw withHint(await explainPorts(error, [wanted]), run.id);
      });
      return new OpenForward(run, value as { id: number; port: CheckedPort });
    });
  }
}

class OpenForward implements Forward {
  readonly host: number;
  readonly bind: string;
  readonly #run: BoxRun;
  readonly #id: number;
  #closed: Promise<unknown> | undefined;

  constructor(run: BoxRun, { id, port }: { id: number; port: CheckedPort }) {
    this.#run = run;
    this.#id = id;
    this.host = port.host;
    this.bind = port.bind;
  }

  get url(): string {
    return `http://${this.bind === '0.0.0.0' ? '127.0.0.1' : this.bind}:${this.host}`;
  }

  /** A box that is gone has closed it already. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#run.request('unforward', { id: this.#id }).catch((error) => {
      if (!BoxliteError.is(error)) throw error;
    });
    await this.#closed;
  }
}

function withHint(error: unknown, box: string): unknown {
  if (!BoxliteError.is(error)) return error;
  const { code, message, retryable, cause } = error;
  const hint =
    code === 'box-state' ? 'Make the box with network or ports: a device cannot be added while it runs.' : error.hint;
  return new BoxliteError(code, message, { hint, retryable, box, cause });
}
