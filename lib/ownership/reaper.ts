import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { BoxliteError } from '../errors';
import type { PidfdWatch } from '../native/contract';
import { native } from '../native/load';
import type { Signal } from '../types';

export interface ChildExit {
  /** Both null when it was not this process's child, or the reaper was disposed first. */
  code: number | null;
  signal: Signal | null;
}

export interface RegisteredChild {
  readonly pid: number;
  /** Never rejects, and never keeps the event loop alive. */
  readonly exited: Promise<ChildExit>;
  /** Lets go of the handle: a child that has ended is reaped at once, one that lives stays registered until it is reaped. */
  [Symbol.dispose](): void;
}

/**
 * Reaps only the children that were registered with it, each through its own pidfd; never waits on -1, so it takes no
 * child that is not its own: the exit of a foreign child reaches its owner.
 */
export class ShimReaper implements Disposable {
  readonly #children = new Map<number, Child>();
  #disposed = false;

  /**
   * From here on the child is reaped when it ends, whatever becomes of the handle. A `pidfd` given with it now belongs to
   * the reaper. A pid that is no process gives an `exited` of nulls at once; registering one twice gives the same handle.
   * Throws 'runtime-closed' after dispose.
   */
  register(pid: number, pidfd?: number): RegisteredChild {
    if (this.#disposed)
      throw new BoxliteError('runtime-closed', `The reaper is disposed: process ${pid} was not registered`);
    const known = this.#children.get(pid);
    if (known) {
      if (pidfd !== undefined) closeSync(pidfd);
      return known;
    }
    const child = new Child(pid, pidfd ?? native().pidfdOpen(pid), () => this.#children.delete(pid));
    if (child.isWaiting) this.#children.set(pid, child);
    return child;
  }

  /** Children that are registered and not yet reaped. */
  get size(): number {
    return this.#children.size;
  }

  /** Reaps what has ended and lets go of the rest without waiting: every open `exited` settles now. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const child of this.#children.values()) child.settle();
  }
}

class Child implements RegisteredChild {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  readonly #resolve: (exit: ChildExit) => void;
  readonly #settled: () => void;
  #pidfd: number | null;
  #watch: PidfdWatch | undefined;

  constructor(pid: number, pidfd: number | null, settled: () => void) {
    let resolve: (exit: ChildExit) => void = () => {};
    this.exited = new Promise((done) => {
      resolve = done;
    });
    this.#resolve = resolve;
    this.pid = pid;
    this.#pidfd = pidfd;
    this.#settled = settled;
    if (pidfd === null) this.settle();
    else this.#startWatching(pidfd);
  }

  get isWaiting(): boolean {
    return this.#pidfd !== null;
  }

  #startWatching(pidfd: number): void {
    try {
      this.#watch = native().pidfdWatch(pidfd, () => this.settle());
    } catch (error) {
      this.settle();
      throw error;
    }
  }

  /** With its exit where it has ended and is a child of this process, else with nulls. */
  settle(): void {
    const exit = this.#reap();
    this.#finish(exit ?? { code: null, signal: null });
  }

  [Symbol.dispose](): void {
    const exit = this.#reap();
    if (exit) this.#finish(exit);
  }

  #reap(): ChildExit | null {
    const exit = this.#pidfd === null ? null : native().pidfdReap(this.#pidfd);
    return exit && { code: exit.code, signal: exit.signal === null ? null : signalName(exit.signal) };
  }

  #finish(exit: ChildExit): void {
    this.#watch?.close();
    if (this.#pidfd !== null) closeSync(this.#pidfd);
    this.#pidfd = null;
    this.#resolve(exit);
    this.#settled();
  }
}

function signalName(number: number): Signal {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return (name ?? `SIG${number}`) as Signal;
}
