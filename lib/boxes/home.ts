import { constants } from 'node:fs';
import { access, chmod, stat } from 'node:fs/promises';
import { ShimReaper } from '../ownership/reaper';
import { chooseEngine, type Engine } from '../shim/engine';
import { openStore, type Store } from '../store/open';
import type { EngineName, LogRecord } from '../types';
import { makeDirectories } from '../util/files';
import { asHostFailure } from '../util/host-failure';

export interface HomeSettings {
  home: string;
  engine: 'auto' | EngineName;
  logger?: ((record: LogRecord) => void) | undefined;
}

/** An open home: what every transition of its boxes works with. */
export class Home {
  readonly path: string;
  readonly store: Store;
  readonly reaper = new ShimReaper();
  /** Write ends of the lifelines of the boxes that this program created, by box id. */
  readonly lifelines = new Map<string, number>();
  readonly #settings: HomeSettings;
  #engine: Promise<Engine> | undefined;

  private constructor(settings: HomeSettings, store: Store) {
    this.#settings = settings;
    this.path = settings.home;
    this.store = store;
  }

  /** Makes the directory where it is missing. Rejects with 'permission', 'not-a-directory', 'no-space', 'store' or 'home-version'. */
  static async open(settings: HomeSettings): Promise<Home> {
    await prepareDirectory(settings.home);
    return new Home(settings, await openStore(settings.home));
  }

  engine(): Promise<Engine> {
    this.#engine ??= chooseEngine(this.#settings.engine, this.store);
    // A failed choice is made anew by the next call: the machine may have been repaired.
    this.#engine.catch(() => {
      this.#engine = undefined;
    });
    return this.#engine;
  }

  log(level: LogRecord['level'], text: string, box?: string, source: LogRecord['source'] = 'sdk'): void {
    this.#settings.logger?.({ at: new Date(), source, level, text, ...(box === undefined ? {} : { box }) });
  }

  async close(): Promise<void> {
    this.reaper[Symbol.dispose]();
    await this.store.close();
  }
}

async function prepareDirectory(path: string): Promise<void> {
  try {
    await makeDirectories(path);
    const { mode, uid } = await stat(path);
    // Others could plant files in a home that they may write to.
    if (uid === process.getuid?.() && (mode & 0o022) !== 0) await chmod(path, mode & 0o755);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw asHostFailure(`Opening the home ${path}`, error, 'store');
  }
}
