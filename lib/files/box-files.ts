import { BoxliteError } from '../errors';
import { pumpStdin } from '../exec/stdin';
import * as check from '../options/files';
import type { BoxFs, Bytes, Call, DirEntry, FileStat, Watch } from '../types';
import { Deadline } from '../util/deadline';
import { FileCall, type FileExit, outputOf } from './call';
import { readEntry, readStat, splitRecords } from './entries';
import { openStream } from './open-stream';
import { tidyWirePath } from './path';
import { type Connect, type FileWish, type Prepared, prepare } from './request';
import type { FileGuard } from './restrict';
import { openWatch } from './watch';

// As Node's own readFile: more does not fit into one buffer everywhere.
const largestRead = 2 ** 31 - 1;
// How many files writeFiles writes at once.
const writesAtOnce = 4;

/** The files of a box, as its user sees them. */
export class BoxFiles implements BoxFs {
  readonly #connect: Connect;
  readonly #guard: FileGuard | undefined;

  constructor(connect: Connect, guard?: FileGuard) {
    this.#connect = connect;
    this.#guard = guard;
  }

  async readFile(path: string, o: Call & { start?: number; end?: number } = {}): Promise<Uint8Array> {
    const { start, end, ...call } = check.checkReadFile(path, o);
    return this.#read('readFile', call, { start, end });
  }

  async readText(path: string, o: Call = {}): Promise<string> {
    const bytes = await this.#read('readText', check.checkPathCall(path, o, 'readText'), {});
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  }

  async open(path: string, o: Call = {}): Promise<ReadableStream<Uint8Array>> {
    const call = check.checkPathCall(path, o, 'open');
    using deadline = Deadline.of(call, 'open');
    const { link, request } = await this.#prepare({ op: 'fs.read', path: call.path, announce: true }, deadline);
    return await openStream(link, request, deadline, call.signal);
  }

  async writeFile(
    path: string,
    data: Bytes,
    o: Call & { mode?: number; user?: string; append?: boolean } = {},
  ): Promise<void> {
    const checked = check.checkWriteFile(path, data, o);
    const { mode, user, append } = checked;
    const request = { op: 'fs.write', path: checked.path, mode, user, namesUser: user !== undefined, append };
    await this.#run('writeFile', checked, request, (call) => send(call, checked.data));
  }

  async writeFiles(files: Record<string, Bytes>, o: Call = {}): Promise<void> {
    const { files: entries, ...limits } = check.checkWriteFiles(files, o);
    using deadline = Deadline.of(limits, 'writeFiles');
    const waiting = entries.values();
    let failed = false;
    const writeOneByOne = async () => {
      for (const { path, data } of waiting) {
        if (failed) return;
        const { link, request } = await this.#prepare({ op: 'fs.write', path }, deadline);
        await using call = new FileCall(link, request, deadline);
        await send(call, data);
      }
    };
    const outcomes = await Promise.allSettled(
      Array.from({ length: writesAtOnce }, () =>
        writeOneByOne().catch((error: unknown) => {
          failed = true;
          throw error;
        }),
      ),
    );
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure) throw failure.reason;
  }

  async *list(path: string, o: Call & { depth?: number } = {}): AsyncGenerator<DirEntry> {
    const checked = check.checkList(path, o);
    using deadline = Deadline.of(checked, 'list');
    const wanted = { op: 'fs.list', path: checked.path, depth: checked.depth };
    const { link, request, whole } = await this.#prepare(wanted, deadline);
    const directory = tidyWirePath(whole);
    await using call = new FileCall(link, request, deadline);
    for await (const record of splitRecords(outputOf(call))) yield readEntry(record, directory);
  }

  async stat(path: string, o: Call & { follow?: boolean } = {}): Promise<FileStat | null> {
    const checked = check.checkStat(path, o);
    const request = { op: 'fs.stat', path: checked.path, follow: checked.follow };
    return readStat(await this.#run('stat', checked, request, exitOf));
  }

  async mkdir(path: string, o: Call & { mode?: number } = {}): Promise<void> {
    const checked = check.checkMkdir(path, o);
    await this.#run('mkdir', checked, { op: 'fs.mkdir', path: checked.path, mode: checked.mode }, exitOf);
  }

  async rename(from: string, to: string, o: Call = {}): Promise<void> {
    const checked = check.checkRename(from, to, o);
    await this.#run('rename', checked, { op: 'fs.rename', path: checked.from, to: checked.to }, exitOf);
  }

  async remove(path: string, o: Call & { recursive?: boolean } = {}): Promise<boolean> {
    const checked = check.checkRemoveFile(path, o);
    const request = { op: 'fs.remove', path: checked.path, recursive: checked.recursive };
    return (await this.#run('remove', checked, request, exitOf)).found === true;
  }

  async watch(path: string, o: Call & { recursive?: boolean } = {}): Promise<Watch> {
    const { path: wanted, recursive, ...call } = check.checkWatch(path, o);
    using deadline = Deadline.of(call, 'watch');
    const { link, request, whole } = await this.#prepare({ op: 'fs.watch', path: wanted, recursive }, deadline);
    const seen = tidyWirePath(request.path);
    // What a guard took off the path is what the guest does not see.
    const below = seen === '/' ? tidyWirePath(whole) : tidyWirePath(whole).slice(0, -seen.length);
    return await openWatch(link, { ...request, path: seen }, deadline, call.signal, below === '/' ? '' : below);
  }

  #read(what: string, { path, ...call }: Call & { path: string }, range: object): Promise<Uint8Array> {
    return this.#run(what, call, { op: 'fs.read', path, ...range }, (running) => collect(running, path));
  }

  async #run<T>(what: string, limits: Call, wanted: FileWish, use: (call: FileCall) => Promise<T>): Promise<T> {
    using deadline = Deadline.of(limits, what);
    const { link, request } = await this.#prepare(wanted, deadline);
    await using call = new FileCall(link, request, deadline);
    return await use(call);
  }

  /** The connection, and the request with its paths made absolute, for the box's user where it names none. */
  #prepare(wanted: FileWish, deadline: Deadline): Promise<Prepared> {
    return prepare(this.#connect, wanted, deadline, this.#guard);
  }
}

function exitOf(call: FileCall): Promise<FileExit> {
  return call.ended;
}

async function send(call: FileCall, data: Bytes): Promise<FileExit> {
  await pumpStdin(data, call.input, call.ended);
  return await call.ended;
}

async function collect(call: FileCall, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of outputOf(call)) {
    bytes += chunk.length;
    if (bytes > largestRead) {
      throw new BoxliteError('limit', `Cannot read "${path}" at once: it is larger than ${largestRead} bytes`, {
        hint: 'Read it as a stream, with open(), or in ranges.',
      });
    }
    chunks.push(chunk);
  }
  await call.ended;
  return Buffer.concat(chunks);
}
