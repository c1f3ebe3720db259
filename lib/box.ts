import type { BoxRun } from './boxes/run';
import type { BoxReach } from './exec/access';
import { attach } from './exec/attach';
import { processes } from './exec/processes';
import { BoxFiles, type Connect } from './files/box-files';
import { checkAttach, checkCall, checkProcessId } from './options';
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
import { unsupported } from './util/unsupported';

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
  readonly #info: (call?: Call) => Promise<BoxInfo>;
  readonly #access: BoxReach;

  /** @internal Made by a Runtime only. */
  constructor(runtime: Runtime, row: BoxRow, run: BoxRun, { info, connect, reach }: BoxAccess) {
    this.runtime = runtime;
    this.id = row.id;
    this.name = row.name;
    this.boot = row.boot ?? noTimings;
    this.image = { ref: row.imageRef, digest: row.imageDigest, config: { ...noLabels, ...row.imageConfig } };
    this.#isNamed = row.name !== row.id;
    this.#isDetached = row.detached;
    this.#run = run;
    this.#info = info;
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

  async upload(_host: string, _guest: string, _call?: Call): Promise<void> {
    throw unsupported('Box.upload');
  }

  async download(_guest: string, _host: string, _call?: Call): Promise<void> {
    throw unsupported('Box.download');
  }

  /** The box as listings show it. Rejects with 'box-not-found' or 'box-replaced'. */
  info(call?: Call): Promise<BoxInfo> {
    return this.#info(call);
  }

  async metrics(_call?: Call): Promise<Metrics> {
    throw unsupported('Box.metrics');
  }

  logs(_options?: Call & { follow?: boolean; sources?: LogRecord['source'][] }): AsyncIterable<LogRecord> {
    throw unsupported('Box.logs');
  }

  async waitForPort(_port: number, _options?: Call & { path?: string; status?: number }): Promise<void> {
    throw unsupported('Box.waitForPort');
  }

  async forward(_port: number, _options?: Call & { host?: number; bind?: string }): Promise<Forward> {
    throw unsupported('Box.forward');
  }

  async setNetwork(_policy: NetworkPolicy, _call?: Call): Promise<void> {
    throw unsupported('Box.setNetwork');
  }

  restricted(_options: {
    exec?: boolean;
    fs?: 'none' | 'read' | 'write';
    root?: string;
    user?: string;
  }): RestrictedBox {
    throw unsupported('Box.restricted');
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
