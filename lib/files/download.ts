import { dirname, resolve } from 'node:path';
import { BoxliteError } from '../errors';
import { malformed } from '../shim/protocol';
import { makeDirectories } from '../util/files';
import { type FileCall, outputOf } from './call';
import { asFileFailure } from './host-failure';
import { HostDirectory, type UnfinishedFile } from './host-tree';
import { readRecords, type TreeMeta, type TreeRecord } from './tree-records';

// Each level is an open directory.
const deepest = 500;

/** Takes a file or a tree of the guest. Nothing outside `host` is written, whatever the guest sends. */
export async function receiveTree(host: string, call: FileCall): Promise<void> {
  const records = readRecords(outputOf(call));
  try {
    // A guest that has nothing to send says so before anything is made here.
    const first = await records.next();
    if (first.done) throw malformed('an empty tree');
    await using target = await Target.find(host, first.value);
    try {
      await target.take(target.rename(first.value));
      for await (const record of records) await target.take(record);
      await call.ended;
    } catch (error) {
      await target.takeBack();
      throw error;
    }
  } catch (error) {
    throw asFileFailure('copy to', host, error);
  }
}

interface Level {
  directory: HostDirectory;
  isNew: boolean;
  meta: TreeMeta;
}

class Target implements AsyncDisposable {
  readonly #base: HostDirectory;
  readonly #name: Buffer;
  readonly #rootIsNew: boolean;
  readonly #levels: Level[] = [];
  #file: { name: Buffer; meta: TreeMeta; unfinished: UnfinishedFile } | undefined;
  #isBegun = false;
  #isOver = false;

  private constructor(base: HostDirectory, name: Buffer, rootIsNew: boolean) {
    this.#base = base;
    this.#name = name;
    this.#rootIsNew = rootIsNew;
  }

  static async find(host: string, first: TreeRecord): Promise<Target> {
    if (!('name' in first)) throw malformed(`a tree that begins with ${first.kind}`);
    const path = resolve(host);
    const into = host.endsWith('/') || path === '/';
    const parent = into ? path : dirname(path);
    await makeDirectories(parent, 0o777);
    const base = await HostDirectory.open(parent);
    const name = into ? first.name : Buffer.from(path.slice(path.lastIndexOf('/') + 1));
    try {
      return new Target(base, name, !(await base.isThere(name)));
    } catch (error) {
      await base[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The root, as the caller calls it. */
  rename(record: TreeRecord): TreeRecord {
    return 'name' in record ? { ...record, name: this.#name } : record;
  }

  async take(record: TreeRecord): Promise<void> {
    const isPart = this.#file !== undefined;
    const { kind } = record;
    if (isPart !== (kind === 'B' || kind === 'E')) throw malformed(`${kind} where it does not belong`);
    if (this.#isOver !== (kind === 'Z')) throw malformed(`${kind} where it does not belong`);
    this.#isBegun = true;
    await this.#step(record);
    this.#isOver = this.#levels.length === 0 && this.#file === undefined;
  }

  /** After a failure: what is not whole goes, and so does a root that was not there before. */
  async takeBack(): Promise<void> {
    await this.#file?.unfinished.drop();
    if (this.#rootIsNew && this.#isBegun) await this.#base.remove(this.#name).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { directory } of this.#levels) await directory[Symbol.asyncDispose]();
    await this.#base[Symbol.asyncDispose]();
  }

  get #directory(): HostDirectory {
    return this.#levels.at(-1)?.directory ?? this.#base;
  }

  async #step(record: TreeRecord): Promise<void> {
    switch (record.kind) {
      case 'D':
        return this.#enter(record.name, record.meta);
      case 'U':
        return this.#leave();
      case 'F':
        this.#file = { name: record.name, meta: record.meta, unfinished: await this.#directory.begin() };
        return;
      case 'B':
        return this.#file?.unfinished.write(record.bytes, record.offset);
      case 'E':
        await this.#file?.unfinished.finish(this.#file.name, record.size, this.#file.meta);
        this.#file = undefined;
        return;
      case 'L':
        return this.#directory.link(record.name, record.target, record.meta);
      case 'H': {
        const root = this.#levels[0];
        if (!root) throw malformed('a second name of nothing');
        return this.#directory.hardLink(record.name, root.directory, record.path);
      }
      case 'Z':
        return;
    }
  }

  async #enter(name: Buffer, meta: TreeMeta): Promise<void> {
    if (this.#levels.length >= deepest) {
      throw new BoxliteError('limit', `The tree has more than ${deepest} directories inside one another`, {
        hint: 'Copy a part of it.',
      });
    }
    const { directory, isNew } = await this.#directory.enter(name, meta.mode);
    this.#levels.push({ directory, isNew, meta });
  }

  async #leave(): Promise<void> {
    const level = this.#levels.pop();
    if (!level) throw malformed('the end of no directory');
    await using directory = level.directory;
    if (level.isNew) await directory.settle(level.meta);
  }
}
