import { boxLogs } from './boxes/logs';
import { boxMetrics } from './boxes/metrics';
import type { BoxRun } from './boxes/run';
import type { BoxReach } from './exec/access';
import { attach } from './exec/attach';
import { processes } from './exec/processes';
import { answerMarginMs, waitForPort } from './exec/wait-for-port';
import { BoxFiles } from './files/box-files';
import { download, upload } from './files/copy';
import type { Connect } from './files/request';
import type { BoxNetwork } from './network/box-network';
import { checkAttach, checkCall, checkLogs, checkPortWait, checkProcessId, checkRestriction } from './options';
import { restrictedBox } from './restricted-box';
import type { Runtime } from './runtime';
import type { BoxRow } from './store/schema';
import type {
  BootTimings,
  BoxFs,
  BoxImage,
  BoxInfo,
  Call,
  Command,
  ExecOptions,
  ExecResult,
  ExitInfo,
  Forward,
  LogRecord,
  Metrics,
  NetworkPolicy,
  Process,
  ProcessInfo,
  SpawnOptions,
  StopOptions,
} from './types';
import { holdLoop } from './util/hold';

/** A weaker handle to hand to a tool. */
export interface RestrictedBox {
  readonly id: string;
  exec: Box['exec'];
  readonly fs: BoxFs;
}

/** What a handle reaches through its Runtime. */
interface BoxAccess {
  info: (call?: Call) => Promise<BoxInfo>;
  connect: Connect;
  reach: BoxReach;
  network: BoxNetwork;
}

/** A handle of one box. It addresses the box's id, and works again after start. */
export class Box implements AsyncDisposable {
  readonly id: string;
  readonly name: string;
  readonly runtime: Runtime;
  /** Where the time of this run's boot went. */
  readonly boot: BootTimings;
  /** What the box was made of, with the defaults that its commands take from it. */
  readonly image: BoxImage;
  /** Its files, as its user sees them. */
  readonly fs: BoxFs;
  readonly #isNamed: boolean;
  readonly #isDetached: boolean;
  readonly #run: BoxRun;
  readonly #network: BoxNetwork;
  readonly #info: (call?: Call) => Promise<BoxInfo>;
  readonly #access: BoxReach;
  readonly #connect: Connect;

  /** @internal Made by a Runtime only. */
  constructor(runtime: Runtime, row: BoxRow, run: BoxRun, { info, connect, reach, network }: BoxAccess) {
    this.runtime = runtime;
    this.id = row.id;
    this.name = row.name;
    this.boot = row.boot ?? noTimings;
    this.image = { ref: row.imageRef, digest: row.imageDigest, config: { ...noLabels, ...row.imageConfig } };
    this.#isNamed = row.name !== row.id;
    this.#isDetached = row.detached;
    this.#run = run;
    this.#network = network;
    this.#info = info;
    this.#connect = connect;
    this.fs = new BoxFiles(connect);
    this.#access = reach;
  }

  /** Settles when this run of the box ends, whatever ended it; never rejects. Keeps the program alive once asked for. */
  get exited(): Promise<ExitInfo> {
    return holdLoop(this.#run.exited);
  }

  exec(command: Command, options?: ExecOptions): Promise<ExecResult> {
    return this.runtime.exec(this, command, options);
  }

  spawn(command: Command, options?: SpawnOptions): Promise<Process> {
    return this.runtime.spawn(this, command, options);
  }

  /** The commands that run, and the detached ones that have ended and can still be joined; the oldest first. */
  async processes(call?: Call): Promise<ProcessInfo[]> {
    return this.#access.live(checkCall(call, 'processes'), 'processes', processes);
  }

  /**
   * Joins a detached command, with its output from the bytes given on as far as it is kept.
   * Rejects with 'process-not-found'.
   */
  async attach(processId: string, options?: Call & { since?: { stdout?: number; stderr?: number } }): Promise<Process> {
    const id = checkProcessId(processId);
    const checked = checkAttach(options);
    return this.#access.live(checked, 'attach', (link, deadline) => attach(link, id, checked, deadline));
  }

  /** Copies a file or a tree of this host as the guest path, or into it where that ends with a slash. */
  upload(host: string, guest: string, call?: Call): Promise<void> {
    return upload(this.#connect, host, guest, call);
  }

  /** Copies a file or a tree of the box as the host path, or into it where that ends with a slash. */
  download(guest: string, host: string, call?: Call): Promise<void> {
    return download(this.#connect, guest, host, call);
  }

  /** The box as listings show it. Rejects with 'box-not-found' or 'box-replaced'. */
  info(call?: Call): Promise<BoxInfo> {
    return this.#info(call);
  }

  /** What the running box uses now: cpu time and memory of its processes on the host, and what its guest says. */
  async metrics(call?: Call): Promise<Metrics> {
    const checked = checkCall(call, 'metrics');
    const { home, row } = await this.#access.place();
    return this.#access.live(checked, 'metrics', (link, deadline) => boxMetrics(home.path, row, link, deadline));
  }

  /**
   * What the console, the agent, the shim and the VMM said, the oldest first; with `follow` also what comes, until the box
   * ends. A line that has no time of its own has the time of its file. An abort ends the iteration with 'aborted'.
   */
  logs(options?: Call & { follow?: boolean; sources?: LogRecord['source'][] }): AsyncIterable<LogRecord> {
    return boxLogs(() => this.#access.place(), checkLogs(options));
  }

  /**
   * Resolves once somebody in the box takes a connection on the port; with a path, once a GET of it answers with the status,
   * or with any from 200 to 399. 60 s by default, then 'timeout', which says what was found last.
   */
  async waitForPort(port: number, options?: Call & { path?: string; status?: number }): Promise<void> {
    const checked = checkPortWait(port, options);
    const call = { ...checked, timeoutMs: checked.timeoutMs + answerMarginMs };
    return this.#access.live(call, 'waitForPort', (link, deadline) => waitForPort(link, checked, deadline));
  }

  /** Publishes a guest port now; the listener closes with the returned object. Rejects with 'port-in-use' or 'box-state'. */
  forward(port: number, options?: Call & { host?: number; bind?: string }): Promise<Forward> {
    return this.#network.forward(port, options);
  }

  /** Changes what the box may reach, without a restart. Open connections that are no longer allowed are cut. */
  setNetwork(policy: NetworkPolicy, call?: Call): Promise<void> {
    return this.#network.set(policy, call);
  }

  /** A handle that can do what is named and nothing else; anything else rejects with 'permission'. By default it can do nothing. */
  restricted(options: { exec?: boolean; fs?: 'none' | 'read' | 'write'; root?: string; user?: string }): RestrictedBox {
    return restrictedBox(this, this.#connect, checkRestriction(options));
  }

  stop(options?: StopOptions): Promise<ExitInfo> {
    return this.runtime.stop(this, options);
  }

  remove(options?: Call & { force?: boolean }): Promise<boolean> {
    return this.runtime.remove(this, options);
  }

  /** Stops the box, and removes it unless it is detached or named. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } catch (error) {
      if (!isGone(error)) throw error;
      return;
    }
    if (!this.#isDetached && !this.#isNamed) await this.remove();
  }
}

// Rows of an older layout have none.
const noLabels = { labels: {} };

const noTimings: BootTimings = {
  totalMs: 0,
  imageMs: 0,
  disksMs: 0,
  shimMs: 0,
  kernelMs: 0,
  agentMs: 0,
  imageCached: false,
};

function isGone(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'box-not-found' || code === 'box-replaced' || code === 'runtime-closed';
}
